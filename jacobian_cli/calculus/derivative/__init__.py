"""The closed forms of one derivative, and the names of what repeats in them."""
