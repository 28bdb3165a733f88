"""The rows of the house. What may change them is in services/; how they are found in queries.py."""

from jobs.models.composer import Preset, SavedDraft
from jobs.models.gateway import Caller, Delivery
from jobs.models.job import Attempt, Event, Job
from jobs.models.picture import (
    Image,
    JobInput,
    LateResult,
    UnreadAnswer,
    Upload,
    content_type_of,
)
from jobs.models.upkeep import ProviderListing, ProviderTrouble, Pulse, QueueShare

__all__ = [
    "Attempt",
    "Caller",
    "Delivery",
    "Event",
    "Image",
    "Job",
    "JobInput",
    "LateResult",
    "Preset",
    "ProviderListing",
    "ProviderTrouble",
    "Pulse",
    "QueueShare",
    "SavedDraft",
    "UnreadAnswer",
    "Upload",
    "content_type_of",
]
