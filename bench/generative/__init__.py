"""Are generated images any good, and are they new? One file for each kind of figure.

`measure` puts them together into a record's ``generative``; `of_run` and `of_folders` are the ways in. What each
figure means stands in docs/generative.md.
"""

METRICS = {
    "kid": "kernel distance to the test images (unbiased; lower is better); kid_floor: of real training images",
    "fid": "Fréchet distance to the test images (biased by n; lower is better); fid_floor: of real training images",
    "inception_score": "are single images sure of a class, and all spread over the classes? 1 to the number of classes",
    "precision": "share of generated images that lie among the test images",
    "recall": "share of test images that lie among the generated images",
    "density": "how densely test images lie around generated ones; about 1 if both are of one distribution",
    "coverage": "share of test images with a generated image near",
    "ms_ssim": "how alike generated images of a class are; ms_ssim_real: how alike test images are",
    "label_fidelity": "share of generated images taken for the asked class; label_fidelity_real: of test images",
    "cas": "balanced accuracy on the test images after training on generated images alone",
    "memorisation": "share of generated images suspiciously near a training image: 0.1 for new images, 1 for copies",
}
"""Figures on generated images, by their names in a record."""
