"""The operating system's threads of this process."""

import os
import time


def tasks():
    """Their ids, where the system tells. (Not their number: one that was waited for is seen for a
    moment longer, and under a sanitizer for many.)"""
    return set(os.listdir("/proc/self/task")) if os.path.exists("/proc/self/task") else set()


def settled(before):
    """True once no thread is left beside those before."""
    for _ in range(200):
        if not tasks() - before:
            return True
        time.sleep(0.005)
    return False
