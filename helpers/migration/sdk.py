"""What the old SDK is made of: its modules, its classes, and the types of what they return.

A scan must not need the old SDK, so this is written down; a test compares both.
"""

MODULES = (
    "azure.ai.inference",
    "azure.ai.inference.aio",
    "azure.ai.inference.models",
    "azure.ai.inference.prompts",
    "azure.ai.inference.tracing",
)
PROJECTS = ("azure.ai.projects", "azure.ai.projects.aio")
CLIENTS = ("ChatCompletionsClient", "EmbeddingsClient", "ImageEmbeddingsClient")

ENUMS: dict[str, dict[str, str]] = {
    "AudioContentFormat": {"WAV": "wav", "MP3": "mp3"},
    "ChatCompletionsToolChoicePreset": {"AUTO": "auto", "NONE": "none", "REQUIRED": "required"},
    "ChatRole": {
        name: name.lower() for name in ("SYSTEM", "USER", "ASSISTANT", "TOOL", "DEVELOPER")
    },
    "CompletionsFinishReason": {
        "STOPPED": "stop",
        "TOKEN_LIMIT_REACHED": "length",
        "CONTENT_FILTERED": "content_filter",
        "TOOL_CALLS": "tool_calls",
    },
    "EmbeddingEncodingFormat": {
        name: name.lower() for name in ("BASE64", "BINARY", "FLOAT", "INT8", "UBINARY", "UINT8")
    },
    "EmbeddingInputType": {name: name.lower() for name in ("TEXT", "QUERY", "DOCUMENT")},
    "ImageDetailLevel": {name: name.lower() for name in ("AUTO", "LOW", "HIGH")},
    "ModelType": {
        name: name.lower()
        for name in (
            "EMBEDDINGS",
            "IMAGE_GENERATION",
            "TEXT_GENERATION",
            "IMAGE_EMBEDDINGS",
            "AUDIO_GENERATION",
            "CHAT_COMPLETION",
        )
    },
}

# Classes of requests become dicts. The values are their fields with their types, as below:
# `.field` becomes ["field"]. `tool_calls` has no type: only those that a program makes are dicts.
REQUESTS: dict[str, dict[str, str]] = {
    "SystemMessage": {"role": "", "content": ""},
    "DeveloperMessage": {"role": "", "content": ""},
    "UserMessage": {"role": "", "content": "[ContentItem]"},
    "AssistantMessage": {"role": "", "content": "", "tool_calls": ""},
    "ToolMessage": {"role": "", "content": "", "tool_call_id": ""},
    "ChatRequestMessage": {"role": ""},
    "ContentItem": {"type": ""},
    "TextContentItem": {"type": "", "text": ""},
    "ImageContentItem": {"type": "", "image_url": "ImageUrl"},
    "AudioContentItem": {"type": "", "input_audio": "InputAudio"},
    "ImageUrl": {"url": "", "detail": "ImageDetailLevel"},
    "InputAudio": {"data": "", "format": "AudioContentFormat"},
    "JsonSchemaFormat": {"name": "", "schema": "", "description": "", "strict": ""},
    "ChatCompletionsToolDefinition": {"type": "", "function": "FunctionDefinition"},
    "FunctionDefinition": {"name": "", "description": "", "parameters": ""},
    "ChatCompletionsNamedToolChoice": {
        "type": "",
        "function": "ChatCompletionsNamedToolChoiceFunction",
    },
    "ChatCompletionsNamedToolChoiceFunction": {"name": ""},
    "ImageEmbeddingInput": {"image": "", "text": ""},
}
# Classes of answers, with the types of their fields ("" for what is no class of the SDK).
ANSWERS: dict[str, dict[str, str]] = {
    "ChatCompletions": {
        "id": "",
        "created": "",
        "model": "",
        "choices": "[ChatChoice]",
        "usage": "CompletionsUsage",
    },
    "ChatChoice": {
        "index": "",
        "finish_reason": "CompletionsFinishReason",
        "message": "ChatResponseMessage",
    },
    "ChatResponseMessage": {
        "role": "ChatRole",
        "content": "",
        "tool_calls": "[ChatCompletionsToolCall]",
    },
    "ChatCompletionsToolCall": {"id": "", "type": "", "function": "FunctionCall"},
    "FunctionCall": {"name": "", "arguments": ""},
    "CompletionsUsage": {"completion_tokens": "", "prompt_tokens": "", "total_tokens": ""},
    "StreamingChatCompletionsUpdate": {
        "id": "",
        "created": "",
        "model": "",
        "choices": "[StreamingChatChoiceUpdate]",
        "usage": "CompletionsUsage",
    },
    "StreamingChatChoiceUpdate": {
        "index": "",
        "finish_reason": "CompletionsFinishReason",
        "delta": "StreamingChatResponseMessageUpdate",
    },
    "StreamingChatResponseMessageUpdate": {
        "role": "ChatRole",
        "content": "",
        "tool_calls": "[StreamingChatResponseToolCallUpdate]",
    },
    "StreamingChatResponseToolCallUpdate": {"id": "", "function": "FunctionCall"},
    "EmbeddingsResult": {
        "id": "",
        "data": "[EmbeddingItem]",
        "usage": "EmbeddingsUsage",
        "model": "",
    },
    "EmbeddingItem": {"embedding": "", "index": ""},
    "EmbeddingsUsage": {"prompt_tokens": "", "total_tokens": ""},
    "ModelInfo": {"model_name": "", "model_type": "", "model_provider_name": ""},
}
METHODS = {"complete": "chat.completions.create", "embed": "embeddings.create"}
METHOD_SYMBOLS = {
    "complete": "ChatCompletionsClient.complete",
    "embed": "EmbeddingsClient.embed",
}
# The keyword by which a call of a method is known for what it is, where its owner is not.
KEYWORDS = {"complete": "messages", "embed": "input"}
MADE_DICTS = ("ChatCompletionsToolCall", "FunctionCall")  # dicts where the program makes them
STREAMS = ("StreamingChatCompletions", "AsyncStreamingChatCompletions")
OTHER_CLASSES = ("PromptTemplate", "AIInferenceInstrumentor")
# Classes of earlier releases, which public programs still name.
GONE = (
    "ChatCompletionsResponseFormat",
    "ChatCompletionsResponseFormatJSON",
    "ChatCompletionsResponseFormatJsonObject",
    "ChatCompletionsResponseFormatJsonSchema",
    "ChatCompletionsResponseFormatText",
    "ChatCompletionsFunctionToolDefinition",
    "ChatCompletionsFunctionToolCall",
)
RENAMED = {
    "ChatCompletionsFunctionToolDefinition": "ChatCompletionsToolDefinition",
    "ChatCompletionsFunctionToolCall": "ChatCompletionsToolCall",
}

EXCEPTIONS: dict[str, str] = {
    "AzureError": "OpenAIError",
    "HttpResponseError": "APIStatusError",
    "ClientAuthenticationError": "AuthenticationError",
    "ResourceNotFoundError": "NotFoundError",
    "ResourceExistsError": "ConflictError",
    "ResourceNotModifiedError": "APIStatusError",
    "ResourceModifiedError": "APIStatusError",
    "TooManyRedirectsError": "APIStatusError",
    "ODataV4Error": "APIStatusError",
    "DecodeError": "APIResponseValidationError",
    "SerializationError": "APIResponseValidationError",
    "DeserializationError": "APIResponseValidationError",
    "ServiceRequestError": "APIConnectionError",
    "ServiceResponseError": "APIConnectionError",
    "ServiceRequestTimeoutError": "APITimeoutError",
    "ServiceResponseTimeoutError": "APITimeoutError",
    "IncompleteReadError": "APIConnectionError",
    "StreamClosedError": "APIConnectionError",
    "StreamConsumedError": "APIConnectionError",
    "ResponseNotReadError": "APIConnectionError",
}
ERROR_FIELDS = {
    "AzureError": {"error": "ODataV4Format", "response": "HttpResponse"},
    "ODataV4Format": {"details": "[ODataV4Format]"},
    "HttpResponse": {},
}
# azure.core, as it is used with the old SDK: module and the names that matter.
CORE: dict[str, frozenset[str]] = {
    "azure.core.credentials": frozenset(
        [
            "AzureKeyCredential",
            "AzureNamedKeyCredential",
            "AzureSasCredential",
            "TokenCredential",
            "AccessToken",
        ]
    ),
    "azure.core.credentials_async": frozenset(["AsyncTokenCredential"]),
    "azure.core.exceptions": frozenset([*EXCEPTIONS, "ODataV4Format"]),
    "azure.core.pipeline": frozenset(["PipelineRequest", "PipelineResponse"]),
    "azure.core.rest": frozenset(["HttpRequest"]),
    "azure.core.pipeline.transport": frozenset(
        ["RequestsTransport", "AioHttpTransport", "AsyncioRequestsTransport"]
    ),
    "azure.core.pipeline.policies": frozenset(
        [
            "RetryPolicy",
            "AsyncRetryPolicy",
            "RetryMode",
            "SansIOHTTPPolicy",
            "HTTPPolicy",
            "AsyncHTTPPolicy",
            "UserAgentPolicy",
            "HeadersPolicy",
            "ProxyPolicy",
            "NetworkTraceLoggingPolicy",
            "HttpLoggingPolicy",
            "CustomHookPolicy",
            "RedirectPolicy",
            "AsyncRedirectPolicy",
            "ContentDecodePolicy",
            "RequestIdPolicy",
            "DistributedTracingPolicy",
            "AzureKeyCredentialPolicy",
            "BearerTokenCredentialPolicy",
            "AsyncBearerTokenCredentialPolicy",
        ]
    ),
}
PROJECT_METHODS = {
    "get_chat_completions_client": "ChatCompletionsClient",
    "get_embeddings_client": "EmbeddingsClient",
    "get_image_embeddings_client": "ImageEmbeddingsClient",
    "get_azure_openai_client": "",
}
MODEL_CLASSES = frozenset([*REQUESTS, *ANSWERS, *STREAMS, *ENUMS, *GONE])


def bases(name: str) -> tuple[str, ...]:
    """Return the classes, besides itself, whose rows also answer for a class of the SDK."""
    plain = name.removeprefix("aio.")
    own = (plain,) if plain != name else ()
    if plain in CLIENTS:
        return (*own, "Client")
    if plain in RENAMED:
        return (RENAMED[plain], "Model")
    if plain in REQUESTS or plain in ANSWERS:
        return (*own, "Model")
    if plain in EXCEPTIONS:
        return ("AzureError",)
    return own


def class_in(module: str, name: str) -> str | None:
    """Return the symbol of a name in a module of the old SDK or of azure.core, or None."""
    if module == "azure.ai.inference.aio" and (name in CLIENTS or name == "load_client"):
        return f"aio.{name}"
    if module == "azure.ai.inference" and (name in CLIENTS or name == "load_client"):
        return name
    if module.startswith("azure.ai.inference") and (name in MODEL_CLASSES or name in OTHER_CLASSES):
        return name
    if name in CORE.get(module, ()):
        return name
    if module == "azure.core.exceptions" and name in EXCEPTIONS:
        return name
    if module in ("azure.identity", "azure.identity.aio") and name.endswith("Credential"):
        return "TokenCredential" if module == "azure.identity" else "aio.TokenCredential"
    if module in PROJECTS and name == "AIProjectClient":
        return "AIProjectClient" if module == "azure.ai.projects" else "aio.AIProjectClient"
    return None


def field_type(owner: str, name: str) -> str | None:
    """Return the type of a field: a class, "[class]", "" for other types; None if unknown."""
    owner = owner.removeprefix("aio.")
    if owner in ("ChatRequestMessage", "ContentItem"):  # what is based on it has more fields
        return next((fields[name] for fields in REQUESTS.values() if fields.get(name)), "")
    if owner in ANSWERS or owner in REQUESTS:
        return (ANSWERS.get(owner) or REQUESTS[owner]).get(name)
    if owner in EXCEPTIONS:
        return ERROR_FIELDS["AzureError"].get(name, "")
    return ERROR_FIELDS.get(owner, {}).get(name)
