"""`python -m imagestudio.decoding`, started by `gate` with a socket as standard input."""

from imagestudio.decoding.child import main

if __name__ == "__main__":
    main()
