"""What stands where in a picture: a coarse grid of cells out of an encoder's feature map."""
