"""The voices that ship: what they are made of, how they are made, and where the documents list them."""
