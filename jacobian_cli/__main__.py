"""`python -m jacobian_cli` is `jac`."""

from jacobian_cli.cli.main import run

if __name__ == "__main__":
    run()
