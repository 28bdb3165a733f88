from django.http import QueryDict

from jobs.pages.draft import Draft
from jobs.states import Visibility
from tests.conftest import MakeJob


def read(query: str) -> Draft:
    return Draft.read(QueryDict(query))


def test_it_asks_for_what_the_form_says() -> None:
    asked = read("prompt=+a+fox+&model=gpt-image-2&size=1536x1024&quality=high&n=3").request

    assert (asked.prompt, asked.model, asked.size) == ("a fox", "gpt-image-2", "1536x1024")
    assert (asked.quality, asked.n) == ("high", 3)


def test_it_puts_a_free_size_together() -> None:
    assert read("size=custom&width=1600&height=1200").request.size == "1600x1200"


def test_it_passes_nonsense_on_to_be_refused() -> None:
    assert read("n=many").request.n == 0
    assert read("n=99999999999").request.n == 0
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


def test_it_takes_over_an_earlier_job(make_job: MakeJob) -> None:
    job = make_job(prompt="a red fox", size="1600x1200", n=2)

    draft = Draft.like(job, Visibility.TEAM)

    assert (draft.prompt, draft.n, draft.visibility) == ("a red fox", "2", "team")
    assert draft.request.size == "1600x1200"
    assert draft.parent == str(job.pk)


def test_it_puts_back_what_the_model_cannot_do() -> None:
    draft, reasons = read("prompt=x&model=gpt-image-1.5&size=2048x1152&quality=max").fitted()

    assert (draft.size, draft.quality) == ("auto", "auto")
    assert len(reasons) == 2
    assert all(reason.startswith("Changed to auto: ") for reason in reasons)


def test_it_puts_back_what_does_not_go_together() -> None:
    draft, reasons = read("prompt=x&output_format=jpeg&background=transparent").fitted()

    assert (draft.background, draft.output_format) == ("auto", "jpeg")
    assert "transparency" in reasons[0]


def test_it_leaves_a_size_alone_that_is_being_typed() -> None:
    draft, reasons = read("prompt=x&size=custom&width=10&height=").fitted()

    assert (draft.size, draft.width) == ("custom", "10")
    assert reasons == ()
