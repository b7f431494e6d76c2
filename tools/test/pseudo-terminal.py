# A serial line without hardware: opens a pseudo-terminal, says its name on a line, then carries octets between it and standard input and output.
import os
import pty
import select
import sys
import tty

ours, theirs = pty.openpty()
tty.setraw(theirs)
sys.stdout.write(os.ttyname(theirs) + "\n")
sys.stdout.flush()
while True:
    for ready in select.select([ours, 0], [], [])[0]:
        octets = os.read(ready, 4096)
        if not octets:
            sys.exit(0)
        os.write(1 if ready == ours else ours, octets)
