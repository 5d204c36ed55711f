"""`make record`: capture answers from your own endpoint, in the place of constructed ones.

    __main__       the command: arguments, progress, exit status; summary says what came of it
    notebook       one notebook: run it live, merge, replay what was captured, save
    execution      the runs, live and in replay; strict says what does not survive a replay
    merge          captured answers in the place of recordings
    candidates     exchanges as recordings that a file may hold, clean and readable again
    fits           which answers may take a recording's place: such as are of its kind (kinds)
    conversations  which recordings are rounds of one conversation
    forward        the proxy that passes requests on (upstream) and keeps each exchange (exchanges)
    answers        an answer's bytes as an Answer, with what a file may hold of it
    scrub          what counts as a secret; words has what does not, owner whose it is, and clean
                   takes it out of requests and answers
    target         your endpoint: where requests go, with which key and model
    save           files replaced together, or not at all

The arrows run down: a module imports only from modules below it, and from `helpers`.
"""
