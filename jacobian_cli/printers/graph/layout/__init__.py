"""The geometry of a layered drawing: how wide letters are, which wire crosses which, where everything stands."""
