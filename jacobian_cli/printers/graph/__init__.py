"""The computational graph as text, DOT, Mermaid, SVG and HTML."""
