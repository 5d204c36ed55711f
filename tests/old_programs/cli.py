#!/usr/bin/env python3
"""desk ask|chat|describe|models: a command line with subcommands."""

import argparse
import os
import sys

from azure.ai.inference import ChatCompletionsClient, models
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError


def make_client(args: argparse.Namespace) -> ChatCompletionsClient:
    kwargs = {}
    if args.verbose:
        kwargs["logging_enable"] = True
    return ChatCompletionsClient(
        endpoint=args.endpoint,
        credential=AzureKeyCredential(args.key),
        **kwargs,
    )


def ask(client: ChatCompletionsClient, args: argparse.Namespace) -> None:
    response = client.complete(
        model=args.model,
        messages=[models.UserMessage(args.text)],
        temperature=args.temperature,
        response_format="json_object" if args.json else None,
    )
    if args.raw:
        print(response.as_dict()["object"])
    print(response.choices[0].message.content)


def chat(client: ChatCompletionsClient, args: argparse.Namespace) -> None:
    history = [models.SystemMessage(args.system)] if args.system else []
    for line in args.lines:
        history.append(models.UserMessage(line))
        answer = ""
        with client.complete(model=args.model, messages=history, stream=True) as updates:
            for update in updates:
                if not update.choices:
                    continue
                delta = update.choices[0].delta
                answer += delta.content or ""
                print(delta.content or "", end="", flush=True)
        print()
        history.append(models.AssistantMessage(content=answer))
    print(len(history), [message.role for message in history][-1])


def describe(client: ChatCompletionsClient, args: argparse.Namespace) -> None:
    parts: list[models.ContentItem] = [models.TextContentItem(text="What is it?")]
    for name in args.files:
        parts.append(
            models.ImageContentItem(
                image_url=models.ImageUrl.load(
                    image_file=name,
                    image_format=name.rsplit(".")[-1],
                    detail=models.ImageDetailLevel.LOW,
                )
            )
        )
    response = client.complete(model=args.model, messages=[models.UserMessage(content=parts)])
    print(response.choices[0].message["content"])


def info(client, args):
    try:
        found = client.get_model_info()
    except ResourceNotFoundError:
        print("unknown")
    else:
        print(found.model_name, found.model_provider_name)


def parse(argv):
    parser = argparse.ArgumentParser(prog="desk")
    parser.add_argument("--endpoint", default=os.environ.get("AZURE_INFERENCE_ENDPOINT"))
    parser.add_argument("--key", default=os.environ.get("AZURE_INFERENCE_CREDENTIAL"))
    parser.add_argument("--model", default=os.environ.get("AZURE_INFERENCE_MODEL"))
    parser.add_argument("-v", "--verbose", action="store_true")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("ask")
    one.add_argument("text")
    one.add_argument("-t", "--temperature", type=float)
    one.add_argument("--json", action="store_true")
    one.add_argument("--raw", action="store_true")
    one.set_defaults(run=ask)
    two = commands.add_parser("chat")
    two.add_argument("lines", nargs="+")
    two.add_argument("--system")
    two.set_defaults(run=chat)
    three = commands.add_parser("describe")
    three.add_argument("files", nargs="+")
    three.set_defaults(run=describe)
    commands.add_parser("info").set_defaults(run=info)
    return parser.parse_args(argv)


def main(argv=None) -> int:
    args = parse(argv)
    with make_client(args) as client:
        try:
            args.run(client, args)
        except HttpResponseError as error:
            detail = error.error.message if error.error else error.reason
            print(f"{error.status_code}: {detail}")
            return 1
        except AzureError as error:
            print("failed:", error, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    main(["ask", "Is there a ferry?", "--raw"])
    main(["ask", "Is there a ferry?", "--json", "-t", "0.5"])
    main(["chat", "Hello.", "Bye.", "--system", "Be kind."])
    main(["describe", "images/timetable.jpg"])
