"""`python -m cli`, which the command `ocean-custom` starts."""

from cli.command_line import main

if __name__ == "__main__":
    main(prog_name="ocean-custom")
