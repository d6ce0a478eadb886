"""C source that needs nothing but `math.h`: arrays of fixed sizes, loops, and the functions that C lacks."""
