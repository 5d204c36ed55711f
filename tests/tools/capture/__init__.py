"""`make record`: capture answers from your own endpoint, in the place of constructed ones.

    __main__   the command: arguments, progress, summary, exit status
    notebook   one notebook: run it live, merge, replay what was captured, save
    target     your endpoint: where requests go, with which key and model
    forward    the proxy that passes requests on and keeps each exchange
    answers    an answer's bytes as an Answer, with what a file may hold of it
    scrub      what counts as a secret, and how it leaves an answer; words has what does not
    kinds      which answers may take a recording's place
    merge      captured answers in the place of recordings; conversations has rounds
    save       files replaced together, or not at all

The arrows run down: a module imports only from modules below it, and from `helpers`.
"""
