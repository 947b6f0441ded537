"""Chaos: the whole product under load, its processes killed, its clients' history checked afterwards (I1 to I7).

`make chaos SECONDS=60` runs `python -m tests.chaos`; tests/integration/test_chaos.py runs a short one.

    __main__    the command: options in, one line of JSON out
    armed       the product with points in its processes, and a round's projects
    thinking    the fake model
    storm       one run: start the product, rounds of load and kills, settle, check
    calling     HTTP, repeated until an answer is clear
    people      visitors and agents, who write down what they were told
    readers     clients of the event streams, who reconnect
    killer      what dies, when, and how soon it is back
    points      named points of the protocol, at which a process dies
    web, worker, launch    the product's own processes with those points put in; nothing of it is in the product
    history     what clients know
    final       what the API shows in the end
    checks, streams    whether all of it agrees; pure
"""
