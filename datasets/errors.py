"""The one error of datasets."""


class DatasetError(ValueError):
    """A dataset that cannot be read or split; the message names the file and the way out."""
