"""A question about a picture: from a file, and from an address."""

import os
from pathlib import Path

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import (
    ImageContentItem,
    ImageDetailLevel,
    ImageUrl,
    TextContentItem,
    UserMessage,
)
from azure.core.credentials import AzureKeyCredential

picture = Path(os.environ["PICTURE"])
picture.write_bytes(b"\x89PNG picture")

with ChatCompletionsClient(
    endpoint=os.environ["AZURE_INFERENCE_ENDPOINT"],
    credential=AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
) as client:
    response = client.complete(
        messages=[
            UserMessage(
                content=[
                    TextContentItem(text="What is on the timetable?"),
                    ImageContentItem(
                        image_url=ImageUrl.load(
                            image_file=str(picture), image_format="png", detail=ImageDetailLevel.LOW
                        )
                    ),
                    ImageContentItem(
                        image_url=ImageUrl(url="https://example.org/chart.png", detail="high")
                    ),
                ]
            ),
        ],
        model=os.environ["AZURE_INFERENCE_MODEL"],
    )
    print(response.choices[0].message.content)
