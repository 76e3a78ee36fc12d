"""What methods share: images on the device, draws, transforms, losses, and the loops."""
