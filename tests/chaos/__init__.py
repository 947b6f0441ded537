"""Chaos: the whole product under load, its processes killed, its clients' history checked afterwards (I1 to I7).

`make chaos SECONDS=60` runs `python -m tests.chaos`; tests/integration/test_chaos.py runs a short one.

    __main__    the command: options in, one line of JSON out
    storm       one run: start the product, rounds of load and kills, settle, check
    people      visitors and agents, who write down what they were told
    readers     clients of the event streams, who reconnect
    killer      what dies, when, and how soon it is back
    points      named points of the protocol, at which a process dies
    web, worker, launch    the product's own processes with those points put in; nothing of it is in the product
    history     what clients know
    final       what the API shows in the end
    checks      whether the two agree; pure
"""
