"""Readers: everyone's own images, one file a layout. All give a `Table`, and share what is done with one."""
