"""The home of a rejoinder plugin in Python. The engine carries this package inside of itself and hands it to the interpreter."""
