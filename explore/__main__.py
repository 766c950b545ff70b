"""`python -m explore`, which the command `ocean-custom` starts."""

from explore.cli import main

if __name__ == "__main__":
    main(prog_name="ocean-custom")
