"""Run Python without a network, where the platform can: python tests/tools/cut_network.py -m pytest

On Linux, `unshare` gives the process a network of its own with nothing in it but the loopback
interface, which Jupyter's kernels talk over. Elsewhere, or where that is forbidden, Python
runs as usual, and tests/test_offline.py says so.
"""

import os
import shutil
import subprocess
import sys


def raise_loopback() -> None:
    """Switch the loopback interface on: a new network namespace begins with it off."""
    import fcntl
    import socket
    import struct

    # SIOCSIFFLAGS; IFF_UP | IFF_RUNNING (linux/sockios.h, linux/if.h)
    set_flags, up_and_running = 0x8914, 0x41
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, set_flags, struct.pack("16sh14x", b"lo", up_and_running))


def main(arguments: list[str]) -> None:
    if arguments[0] == "--inside":
        raise_loopback()
        os.environ["COURSE_NETWORK"] = "cut"
        os.execv(sys.executable, [sys.executable, *arguments[1:]])
    again = [sys.executable, __file__, "--inside"]
    for unshare in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):
        if (
            shutil.which("unshare")
            and not subprocess.run([*unshare, *again, "-c", ""], capture_output=True).returncode
        ):
            os.execvp(unshare[0], [*unshare, *again, *arguments])
    sys.exit(subprocess.run([sys.executable, *arguments]).returncode)


if __name__ == "__main__":
    main(sys.argv[1:])
