"""The exercises of notebook 07."""

from learners_code import exercise_tests

NOTEBOOK = "07_vision"
CHECKS = {
    1: 'check("exercise 1", shortest_bar)',
    2: 'check("exercise 2", next_departure)',
    3: 'check("exercise 3", join)',
}

RIGHT = {
    1: {
        "a lambda, the detail by its class": """
from azure.ai.inference.models import ImageDetailLevel

shortest_bar = lambda url: text_of(ask_about("Which?", url, detail=ImageDetailLevel.LOW))
""",
        "with requests": """
def shortest_bar(url):
    key = os.environ["AZURE_INFERENCE_CREDENTIAL"]
    image = {"type": "image_url", "image_url": {"url": url, "detail": "low"}}
    content = [{"type": "text", "text": "Which bar is the shortest?"}, image]
    reply = requests.post(
        os.environ["AZURE_INFERENCE_ENDPOINT"] + "/chat/completions",
        headers={"api-key": key},
        json={"model": "m", "messages": [{"role": "user", "content": content}]},
        timeout=60,
    )
    reply.raise_for_status()
    return reply.json()["choices"][0]["message"].get("content") or ""
""",
        "which expects an empty answer": """
def shortest_bar(url):
    response = ask_about("Which bar is the shortest?", url, detail="low")
    try:
        return response.choices[0].message.content.strip()
    except (AttributeError, IndexError):
        return ""
""",
        "an error with a cause": """
def shortest_bar(url):
    try:
        response = ask_about("Which bar is the shortest?", url, detail="low")
    except HttpResponseError as error:
        raise RuntimeError("the desk is closed") from error
    return text_of(response)
""",
        "the question in a message of its own": """
def shortest_bar(url):
    picture = ImageContentItem(image_url=ImageUrl(url=url, detail="low"))
    messages = [UserMessage([picture]), UserMessage("Which bar is the shortest?")]
    return text_of(client.complete(messages=messages))
""",
        "by hand, with the classes": """
def shortest_bar(url):
    '''A learner's words.'''
    picture = ImageContentItem(image_url=ImageUrl(url=url, detail="low"))
    message = UserMessage([TextContentItem(text="Name the shortest bar."), picture])
    return text_of(client.complete(messages=[message], model=SECOND_MODEL)).strip()
""",
        "with openai, looking at the form": """
def shortest_bar(url):
    image = {"type": "image_url", "image_url": {"detail": "low", "url": url}}
    parts = [image, {"type": "text", "text": "Which bar is the shortest?"}]
    answer = v1.chat.completions.create(model="m", messages=[{"role": "user", "content": parts}])
    content = answer.choices[0].message.content or ""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")
""",
        "dicts, asynchronous": """
from openai import AsyncOpenAI

async def shortest_bar(url):
    parts = [{"type": "text", "text": "Which is the shortest?"},
             {"type": "image_url", "image_url": {"url": url, "detail": "low"}}]
    async with AsyncOpenAI(max_retries=0) as desk:
        messages = [{"role": "user", "content": parts}]
        return text_of(await desk.chat.completions.create(model="m", messages=messages))

def text_of(response):
    content = response.choices[0].message.content
    if isinstance(content, list):
        return content[-1]["text"]
    return content or ""
""",
    },
    2: {
        "by bisection": """
from bisect import bisect_left

def next_departure(response, now):
    rows, doubts = read_rows(text_of(response))
    times = [row[0] for row in rows]
    at = bisect_left(times, now)
    return times[at] if at < len(times) and not doubts else None
""",
        "times as times, whole answers alone": """
from datetime import datetime

def next_departure(response, now):
    if response.choices[0].finish_reason != "stop":
        return None
    rows, doubts = read_rows(text_of(response))
    minutes = lambda text: datetime.strptime(text, "%H:%M")
    left = [row[0] for row in rows if minutes(row[0]) >= minutes(now)]
    return min(left, default=None) if not doubts else None
""",
        "asynchronous, an index that may fail": """
async def next_departure(response, now):
    rows, doubts = read_rows(text_of(response))
    try:
        time = [row[0] for row in rows if not row[0] < now][0]
    except IndexError:
        return None
    return time if doubts == [] else None
""",
        "filter": """
def next_departure(response, now):
    rows, doubts = read_rows(text_of(response))
    times = [row[0] for row in rows if row[0] >= now]
    return times[0] if times and not doubts else None
""",
        "next with a default": """
def next_departure(response, now):
    rows, doubts = read_rows(text_of(response))
    return None if doubts else next((time for time, ship, port, quay in rows if time >= now), None)
""",
        "its own reading": """
def next_departure(response, now):
    best = None
    for line in reversed((response.choices[0].message.content or "").split("\\n")):
        cells = [cell.strip() for cell in line.split(";")]
        if len(cells) != 4 or cells[3] not in "123" or cells[1] not in SHIPS:
            return None
        if cells[0] >= now:
            best = cells[0]
    return best
""",
    },
    3: {
        "any number of files, asynchronous": """
async def join(*paths):
    pictures = [ImageOps.contain(open_picture(path, 700), (600, 600)) for path in paths]
    sheet = Image.new("RGB", (600 * len(pictures), 600), "white")
    for at, picture in enumerate(pictures):
        sheet.paste(picture, (600 * at, 0))
    file = io.BytesIO()
    sheet.save(file, "GIF")
    return "data:image/gif;base64," + str(base64.b64encode(file.getvalue()), "ascii")
""",
        "by a file of its own": """
def join(first, second):
    left, right = map(open_picture, (first, second))
    both = Image.new("RGB", (left.width + right.width, max(left.height, right.height)))
    both.paste(left)
    both.paste(right, (left.width, 0))
    with TemporaryDirectory() as name:
        both.save(Path(name) / "both.png")
        return prepare(Path(name) / "both.png")
""",
        "an error in its own words": """
def join(first, second):
    pictures = []
    for path in (first, second):
        try:
            pictures.append(open_picture(path))
        except ValueError as error:
            raise ValueError(f"cannot join {path.name}") from error
    width = sum(picture.width for picture in pictures)
    both = Image.new("RGB", (width, max(picture.height for picture in pictures)))
    both.paste(pictures[0], (0, 0))
    both.paste(pictures[1], (pictures[0].width, 0))
    file = io.BytesIO()
    both.save(file, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
""",
        "resized, with a gap": """
def join(first, second):
    pictures = [open_picture(path, side=500) for path in (first, second)]
    high = max(picture.height for picture in pictures)
    sheet = Image.new("RGB", (pictures[0].width + pictures[1].width + 10, high))
    sheet.paste(pictures[0])
    sheet.paste(pictures[1], (pictures[0].width + 10, 0))
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
""",
        "all by hand": """
def join(first, second):
    def opened(path):
        try:
            with Image.open(path) as picture:
                if picture.width * picture.height > 20_000_000:
                    raise ValueError(f"{path.name} is too large")
                picture = ImageOps.exif_transpose(picture)
                if picture.mode == "I;16":
                    picture = picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
                return picture.convert("RGB")
        except OSError:
            raise ValueError(f"{path.name} is no picture") from None

    left, right = opened(first), opened(second)
    both = Image.new("RGB", (left.width * 2, left.height))
    both.paste(left, (0, 0))
    both.paste(right.resize(left.size), (left.width, 0))
    file = io.BytesIO()
    both.save(file, "WEBP")
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
""",
        "from two prepared files": """
def join(first, second):
    left, right = (
        Image.open(io.BytesIO(base64.b64decode(prepare(path, 400).partition(",")[2])))
        for path in (first, second)
    )
    both = Image.new("RGB", (left.width + right.width, max(left.height, right.height)), "white")
    both.paste(left, (0, (both.height - left.height) // 2))
    both.paste(right, (left.width, (both.height - right.height) // 2))
    file = io.BytesIO()
    both.save(file, format="JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
""",
    },
}

JOIN = """
def join(first, second):
    left, right = open_picture(first), open_picture(second)
    both = Image.new("RGB", (left.width + right.width, max(left.height, right.height)))
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    file = io.BytesIO()
    both.save(file, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
"""


def changed(old: str, new: str) -> str:
    assert old in JOIN
    return JOIN.replace(old, new)


WRONG = {
    1: {
        "asks again for the text": (
            """
def shortest_bar(url):
    if not text_of(ask_about("Which?", url, detail="low")):
        return ""
    return text_of(ask_about("Which?", url, detail="low"))
""",
            "You send 2 requests for one answer",
        ),
        "everything caught": (
            """
def shortest_bar(url):
    try:
        return text_of(ask_about("Which bar is the shortest?", url, detail="low"))
    except Exception:
        return ""
""",
            "let its error through: catch nothing, or raise it again. You return ''",
        ),
        "an error of its own": (
            """
def shortest_bar(url):
    try:
        return text_of(ask_about("Which bar is the shortest?", url, detail="low"))
    except HttpResponseError:
        raise ValueError("no answer") from None
""",
            "let its error through: catch nothing, or raise it again. You raise ValueError",
        ),
        "twice the picture": (
            'def shortest_bar(url):\n    return text_of(ask_about("Q", url, url, detail="low"))',
            "You sent 2",
        ),
        "no question": (
            'def shortest_bar(url):\n    return text_of(ask_about("", url, detail="low"))',
            "Send a question with the picture",
        ),
        "prints": (
            'def shortest_bar(url):\n    print(text_of(ask_about("Q", url, detail="low")))',
            "return a string. You return None",
        ),
        "a string for a message": (
            "def shortest_bar(url):\n    return text_of(client.complete(messages=[url]))",
            "in a message whose role is `user`. You sent 0",
        ),
        "a string for messages": (
            "def shortest_bar(url):\n    return text_of(client.complete(messages=url))",
            "in a message whose role is `user`. You sent 0",
        ),
        "the URL alone": (
            """
def shortest_bar(url):
    parts = [{"type": "text", "text": "Which?"}, {"type": "image_url", "image_url": url}]
    return text_of(client.complete(messages=[{"role": "user", "content": parts}]))
""",
            "`image_url` is a dict",
        ),
        "the assistant's role": (
            """
def shortest_bar(url):
    image = {"url": url, "detail": "low"}
    parts = [{"type": "text", "text": "Which?"}, {"type": "image_url", "image_url": image}]
    return text_of(client.complete(messages=[{"role": "assistant", "content": parts}]))
""",
            "in a message whose role is `user`",
        ),
        "the request alone": (
            'def shortest_bar(url):\n    ask_about("Which bar?", url, detail="low")',
            "return a string. You return None",
        ),
        "None becomes text": (
            """
def shortest_bar(url):
    response = ask_about("Which bar?", url, detail="low")
    return str(response.choices[0].message["content"])
""",
            "held back",
        ),
        "errors hidden": (
            """
def shortest_bar(url):
    try:
        return ask_about("Which bar?", url, detail="low").choices[0].message.content.strip()
    except Exception:
        pass
""",
            "Not yet",
        ),
        "another picture": (
            'def shortest_bar(url):\n    return text_of(ask_about("Q", CHART.url, detail="low"))',
            "whose URL your function is given",
        ),
        "high detail": (
            'def shortest_bar(url):\n    return text_of(ask_about("Which?", url, detail="high"))',
            "You sent high",
        ),
        "no picture": (
            'def shortest_bar(url):\n    return text_of(ask_about("Which bar?"))',
            "You sent 0",
        ),
        "nothing asked": (
            'def shortest_bar(url):\n    return "The bar for May."',
            "No request was sent",
        ),
        "no arguments": ("def shortest_bar():\n    pass", "raises TypeError"),
        "no function": ("shortest_bar = 3", "Give check your function itself"),
    },
    2: {
        "hours alone": (
            """
def next_departure(response, now):
    rows, doubts = read_rows(text_of(response))
    later = [time for time, *_ in rows if int(time[:2]) >= int(now[:2])]
    return later[0] if later and not doubts else None
""",
            "Minutes count, too. At 08:20, '09:40' is right; you return '08:15'",
        ),
        "doubts before now forgotten": (
            """
def next_departure(response, now):
    for line in text_of(response).splitlines():
        rows, doubts = read_rows(line)
        if line[:5] >= now:
            return None if doubts else rows[0][0]
""",
            "A line before `now` is in doubt",
        ),
        "doubts behind the next ship forgotten": (
            """
def next_departure(response, now):
    for line in text_of(response).splitlines():
        rows, doubts = read_rows(line)
        if doubts:
            return None
        if line[:5] >= now:
            return rows[0][0]
""",
            "The last line is cut off",
        ),
        "the row": (
            """
def next_departure(response, now):
    rows, doubts = read_rows(text_of(response))
    return None if doubts else next((row for row in rows if row[0] >= now), None)
""",
            "Return the first row's time. At 08:00, '08:15' is right; you return ['08:15'",
        ),
        "an empty string": (
            """
def next_departure(response, now):
    rows, doubts = read_rows(text_of(response))
    return "" if doubts else next((row[0] for row in rows if row[0] >= now), "")
""",
            "No ship is left: return None",
        ),
        "the first row": (
            "def next_departure(response, now):\n    return read_rows(text_of(response))[0][0][0]",
            "Skip the rows before",
        ),
        "doubts ignored": (
            """
def next_departure(response, now):
    rows, doubts = read_rows(text_of(response))
    return next((row[0] for row in rows if row[0] >= now), None)
""",
            "quay 8",
        ),
        "later only": (
            """
def next_departure(response, now):
    rows, doubts = read_rows(text_of(response))
    return None if doubts else next((row[0] for row in rows if row[0] > now), None)
""",
            "leaves at `now` counts",
        ),
        "errors hidden": (
            """
def next_departure(response, now):
    try:
        return [row[0] for row in read_rows(text_of(response))[0] if row[0] >= now][0]
    except Exception:
        pass
""",
            "quay 8",
        ),
        "nothing": ("def next_departure(response, now):\n    pass", "Return the first row's time"),
        "one argument": ("def next_departure(response):\n    return None", "raises TypeError"),
    },
    3: {
        "one over the other": (changed("(left.width, 0)", "(0, 0)"), "belongs on the left"),
        "upside down": (changed("paste(left,", "paste(ImageOps.flip(left),"), "upright"),
        "the picture itself": (changed('"data:', 'both or "data:'), "Return a data URL"),
        "bytes in a string": (
            changed("base64.b64encode(file.getvalue()).decode()", "str(file.getvalue())"),
            "no picture in base64",
        ),
        "no file named": (
            changed(
                "    left, right = open_picture(first), open_picture(second)\n",
                """
    try:
        left, right = open_picture(first), open_picture(second)
    except ValueError:
        raise ValueError("one of the files is bad") from None
""",
            ),
            "a ValueError of one line that names the file",
        ),
        "as it is": (
            """
def join(first, second):
    left, right = Image.open(first), Image.open(second)
    both = Image.new("RGB", (left.width + right.width, left.height))
    both.paste(left, (0, 0))
    both.paste(right.convert("RGB"), (left.width, 0))
    file = io.BytesIO()
    both.save(file, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
""",
            "upright",
        ),
        "greys clipped": (
            changed("open_picture(second)", 'Image.open(second).convert("RGB")'),
            "greys on the right are lost",
        ),
        "the wrong order": (
            changed("left, right =", "right, left ="),
            "first file belongs on the left",
        ),
        "errors hidden": (
            changed(
                "    left, right = open_picture(first), open_picture(second)\n",
                """
    try:
        left, right = open_picture(first), open_picture(second)
    except Exception:
        return None
""",
            ),
            "wide.png cannot be sent",
        ),
        "two URLs": (
            "def join(first, second):\n    return prepare(first), prepare(second)",
            "Return a data URL",
        ),
        "no base64": (
            "def join(first, second):\n    return 'data:image/png;base64,abc'",
            "no picture in base64",
        ),
        "nothing": ("def join(first, second):\n    pass", "Return a data URL"),
    },
}


test_right, test_wrong, test_untouched_cells_are_not_right_and_solutions_are = exercise_tests(
    NOTEBOOK, RIGHT, WRONG, CHECKS
)
