"""A small trained network and its data, for trying the tool without any download."""
