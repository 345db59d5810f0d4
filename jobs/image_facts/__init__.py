"""A small second job: facts about an image as JSON. `image_facts:job` is the job object."""

from importlib.util import find_spec

from batchkit.errors import MissingExtra

if find_spec("PIL") is None or find_spec("numpy") is None:
    raise MissingExtra("the job image-facts", "images", "PIL or numpy")

from image_facts.facts import ImageFacts

job = ImageFacts()
