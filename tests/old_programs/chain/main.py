"""The file that a user runs: it does not name the old package at all."""

import desk

client = desk.make_client()
print(desk.ask(client, "When does the Wega leave?").message.content)

with desk.make_client() as other:
    answer = other.complete(messages=[desk.question("And back?")], temperature=0)
    print(answer.choices[0].message.content, answer.choices[0].finish_reason.value)
