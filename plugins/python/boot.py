import os, sys
def read(n):
    parts = b""
    while len(parts) < n:
        part = os.read(0, n - len(parts))
        if not part:
            os._exit(1)
        parts += part
    return parts
sys.path[:] = [folder for folder in sys.path if folder]
exec(compile(read(int.from_bytes(read(4), sys.byteorder)), "<rejoinder>", "exec"))
