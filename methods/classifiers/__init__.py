"""The classifiers that methods are judged by: one architecture a file, found by name."""

from methods.classifiers.base import CLASSIFIERS, Classifier, ClassifierInfo, ClassifierName, register

__all__ = ["CLASSIFIERS", "Classifier", "ClassifierInfo", "ClassifierName", "register"]
