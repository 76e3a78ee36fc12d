"""The unified tier: one conditional GAN whose discriminator is the classifier that is judged."""
