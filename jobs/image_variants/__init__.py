"""The shipped job: an image becomes its variants. `image_variants:job` is the job object."""

from importlib.util import find_spec

from batchkit.errors import MissingExtra

if find_spec("PIL") is None:
    raise MissingExtra("the job image-variants", "images", "PIL")

from image_variants.variants import ImageVariants

job = ImageVariants()
