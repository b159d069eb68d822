"""Ctrl-C, sent while a call runs, and how long it takes to be heard."""

import os
import signal
import threading
import time

from .tasks import settled, tasks

# Seconds of work from Ctrl-C to KeyboardInterrupt, in all threads of the process together. (Not
# seconds on the clock, of which a busy machine may let any number go by.)
PATIENCE = 0.5


def work_to_interrupt(call):
    """How much a call that does not end by itself works on after Ctrl-C."""
    sent = []

    def send():
        time.sleep(0.15)
        sent.append(time.process_time())
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    sender = threading.Thread(target=send)
    try:
        sender.start()
        call()
        sender.join()  # the signal is not to arrive anywhere else
        time.sleep(1)
    except KeyboardInterrupt:
        return time.process_time() - sent[0]
    finally:
        sender.join()
        signal.signal(signal.SIGINT, before)
    raise AssertionError("the call has ended before Ctrl-C came, or did not hear it")


def interrupted(call):
    """Ctrl-C is heard in time, and no thread of the call is left."""
    before = tasks()
    assert work_to_interrupt(call) <= PATIENCE
    assert settled(before)
