import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from PIL import Image as Pillow

from imagestudio.accounts.models import User
from jobs.models import Job, Upload
from jobs.pages.studio.draft import DEFAULTS, Draft
from jobs.services import uploads
from jobs.states import InputRole, Visibility
from tests.conftest import MakeJob

EVERYTHING = (
    "operation=edit&prompt=a+fox&model=gpt-image-2&size=custom&width=1600&height=1200&quality=high"
    "&n=3&output_format=webp&background=opaque&output_compression=60&moderation=low&complexity=high"
    "&input_fidelity=high&partial_images=2&frame_count=12&frame_duration_ms=80&svg_model=writer"
    "&svg_effort=low&images=one&images=two&mask=three&keeps_outside=off&visibility=team&parent=p"
    "&preset=q&key=mine"
)


def read(query: str) -> Draft:
    return Draft.read(QueryDict(query))


def upload(owner: User, name: str) -> Upload:
    buffer = io.BytesIO()
    Pillow.new("RGB", (64, 48), "teal").save(buffer, "PNG")
    return uploads.accept(owner, SimpleUploadedFile(name, buffer.getvalue()))


def test_it_asks_for_what_the_form_says() -> None:
    asked = read("prompt=+a+fox+&model=gpt-image-2&size=1536x1024&quality=high&n=3").request

    assert (asked.prompt, asked.model, asked.size) == ("a fox", "gpt-image-2", "1536x1024")
    assert (asked.quality, asked.n) == ("high", 3)


def test_every_parameter_of_the_form_is_asked_for() -> None:
    asked = read(EVERYTHING).request

    assert (asked.operation, asked.background, asked.moderation) == ("edit", "opaque", "low")
    assert (asked.output_compression, asked.partial_images) == (60, 2)
    assert (asked.complexity, asked.input_fidelity) == ("high", "high")
    assert (asked.frame_count, asked.frame_duration_ms) == (12, 80)
    assert asked.svg is not None
    assert (asked.svg.model, asked.svg.effort) == ("writer", "low")


def test_what_nobody_chose_is_left_to_the_service() -> None:
    asked = read("prompt=x&output_compression=100&frame_count=&svg_model=").request

    assert asked.output_compression is None
    assert asked.frame_count is None
    assert asked.svg is None


def test_it_puts_a_free_size_together() -> None:
    assert read("size=custom&width=1600&height=1200").request.size == "1600x1200"


def test_it_passes_nonsense_on_to_be_refused() -> None:
    assert read("n=many").request.n == 0
    assert read("n=9999999999999999").request.n == 0
    assert read("n=99999999999").request.n == 99_999_999_999
    assert read("partial_images=lots").request.partial_images == -1
    assert read("size=custom&width=wide&height=").request.size == "widex"


def test_it_reads_line_breaks_as_they_were_typed() -> None:
    assert read("prompt=one%0D%0Atwo").request.prompt == "one\ntwo"


def test_it_is_private_unless_told() -> None:
    assert read("").visibility == "private"
    assert read("visibility=everyone").visibility == "private"
    assert read("visibility=team").visibility == "team"


def test_a_form_without_a_key_gets_one() -> None:
    assert read("key=").key
    assert read("key=mine").key == "mine"


def test_a_form_that_was_sent_gets_another_key() -> None:
    draft = read("key=mine&prompt=a+fox")

    assert draft.renewed().key != "mine"
    assert draft.renewed().prompt == "a fox"


def test_the_order_of_the_fields_is_that_of_the_pictures() -> None:
    assert read("images=b&images=a&images=b").images == ("b", "a")


def test_an_empty_box_says_no() -> None:
    assert read("").keeps_outside is True
    assert read("keeps_outside=off").keeps_outside is False
    assert read("keeps_outside=off&keeps_outside=on").keeps_outside is True


def test_it_comes_back_from_json_as_it_was() -> None:
    draft = read(EVERYTHING)

    back = Draft.from_values(json.loads(json.dumps(draft.to_values())))

    assert back.to_values() == draft.to_values()
    assert back.key != draft.key


ODD = [{}, {"n": 3, "images": "x"}, {"images": [1, None, "a"]}, {"prompt": None}, {"more": "x"}]


@pytest.mark.parametrize("values", ODD, ids=str)
def test_values_of_another_version_do_no_harm(values: dict[str, object]) -> None:
    draft = Draft.from_values(values)

    assert draft.settings["n"] == "1"
    assert draft.images in ((), ("a",))


def test_a_draft_is_stored_as_one_flat_object() -> None:
    """As it was before the settings had a mapping, so that what was kept then is still read."""
    stored = read(EVERYTHING).to_values()

    assert set(DEFAULTS) < set(stored)
    assert {type(stored[name]) for name in DEFAULTS} == {str}


def test_settings_that_were_added_since_take_their_defaults() -> None:
    older = {"prompt": "a fox", "quality": "high", "size": "custom", "width": "1600"}

    draft = Draft.from_values(older)

    assert draft.prompt == "a fox"
    assert draft.settings == {**DEFAULTS, "quality": "high", "size": "custom", "width": "1600"}
    assert Draft().with_settings(older).settings == draft.settings


def test_an_emptied_count_is_never_quietly_one() -> None:
    assert read("n=").request.n == 0
    assert read("n=1").request.n == 1


def test_a_number_may_be_typed_in_any_digits_and_with_its_unit() -> None:
    asked = read("frame_count=%EF%BC%91%EF%BC%92&frame_duration_ms=80+ms").request

    assert (asked.frame_count, asked.frame_duration_ms) == (12, 80)


def test_no_nul_reaches_the_database() -> None:
    assert "\0" not in str(read("prompt=a%00b").to_values()["prompt"])


def test_settings_hold_no_words_and_no_pictures() -> None:
    settings = read(EVERYTHING).preset_values()

    assert set(settings) == set(DEFAULTS)
    assert not {"prompt", "images", "mask", "visibility", "operation"} & set(settings)


def test_width_and_height_count_only_for_a_size_of_ones_own() -> None:
    assert read("size=1024x1024&width=9&height=9").preset_values()["width"] == ""


def test_settings_sent_back_as_nonsense_change_nothing() -> None:
    draft = read("quality=high")

    assert draft.with_settings_of("{") == draft
    assert draft.with_settings_of("[]") == draft


def test_another_first_picture_loses_what_was_painted_over_the_old_one() -> None:
    draft = read("images=one&images=two&mask=three")

    assert draft.with_images(("one",)).mask == "three"
    assert draft.with_images(("two", "one")).mask == ""


def test_it_takes_over_an_earlier_job(make_job: MakeJob) -> None:
    job = make_job(prompt="a red fox", size="1600x1200", n=2)

    draft = Draft.like(job, {}, Visibility.TEAM)

    assert (draft.prompt, draft.settings["n"], draft.visibility) == ("a red fox", "2", "team")
    assert draft.request.size == "1600x1200"
    assert draft.parent == str(job.pk)


def test_it_takes_over_every_setting_of_an_earlier_job(make_job: MakeJob) -> None:
    job = make_job()
    asked = read(EVERYTHING).request
    Job.objects.filter(pk=job.pk).update(request=asked.to_json())
    job.refresh_from_db()

    assert Draft.like(job, {}, Visibility.PRIVATE).request == asked


def test_it_finds_its_pictures_in_their_order(alice: User) -> None:
    one, two, mask = (upload(alice, f"{name}.png") for name in ("one", "two", "mask"))
    draft = read(f"images={two.pk}&images={one.pk}&mask={mask.pk}")

    inputs, lost = draft.inputs(alice)

    assert inputs.images == (two, one)
    assert inputs.mask == mask
    assert lost == ()


def test_a_strangers_picture_is_as_good_as_gone(alice: User, carol: User) -> None:
    mine, theirs = upload(alice, "mine.png"), upload(carol, "theirs.png")

    inputs, lost = read(f"images={theirs.pk}&images={mine.pk}&images=nonsense").inputs(alice)

    assert inputs.images == (mine,)
    assert [problem.param for problem in lost] == ["inputs"]
    assert "2 pictures are no longer there" in lost[0].message


def test_it_takes_the_layers_of_an_earlier_job(make_job: MakeJob, alice: User) -> None:
    picture, mask = upload(alice, "one.png"), upload(alice, "mask.png")
    taken = {InputRole.IMAGE: [picture], InputRole.MASK: [mask]}

    draft = Draft.like(make_job(), taken, Visibility.PRIVATE)

    assert (draft.images, draft.mask) == ((str(picture.pk),), str(mask.pk))
