"""Lists of jobs: pages and filters."""

from urllib.parse import urlsplit

from maas_client.testing.contract.bench import Bench
from maas_client.testing.contract.statement import Group, Makes, NotTried, holds, same
from maas_client.testing.contract.work import job, make_job

LISTS = Group("lists")
_SPEC = "azure-rest-api-specs, machinelearningservices 2024-10-01-preview, Jobs_List"
_SDK = "azure-ai-ml 1.35.2, recorded: nextLink is fetched verbatim"
_MANY = 23
_MOST_PAGES = 50


@LISTS.states("A list is an object with value and nextLink.", source=_SPEC)
def shape(bench: Bench) -> None:
    answer = bench.arm("GET", "/jobs").expect(200)
    answer.at("value", kind=list)
    link = answer.json().get("nextLink")
    holds(link is None or isinstance(link, str), f"nextLink is {link!r}")


@LISTS.states(
    "nextLink is an absolute URL of the same host; following it gives every job once.", Makes.JOBS, source=_SDK
)
def pages(bench: Bench) -> None:
    if bench.live:
        raise NotTried(f"it would create {_MANY} jobs at the service")
    tag = bench.name("many")
    names = {make_job(bench, tags={tag: "1"}).name for _ in range(_MANY)}
    found: list[str] = []
    answer = bench.arm("GET", "/jobs", query={"tag": tag})
    for _ in range(_MOST_PAGES):
        found += [each["name"] for each in answer.expect(200).at("value", kind=list)]
        link = answer.json().get("nextLink")
        if not link:
            break
        same(urlsplit(link).netloc, urlsplit(bench.wire.target.arm).netloc, "the host of nextLink")
        answer = bench.follow("GET", link)
    same(sorted(found), sorted(names), "the jobs of all pages")


@LISTS.states("A filter by tag shows jobs that have the tag and no others.", Makes.JOBS, source=_SPEC)
def by_tag(bench: Bench) -> None:
    tag = bench.name("tag")
    made = make_job(bench, tags={tag: "1"})
    job(bench)
    found = bench.arm("GET", "/jobs", query={"tag": tag}).expect(200).at("value", kind=list)
    same([each["name"] for each in found], [made.name], "the list")


@LISTS.states("A filter by property shows jobs that have it with that value.", Makes.JOBS, source=_SPEC)
def by_property(bench: Bench) -> None:
    name = bench.name("property")
    made = make_job(bench, properties={name: "yes"})
    for value, wanted in (("yes", [made.name]), ("no", [])):
        found = bench.arm("GET", "/jobs", query={"properties": f"{name}={value}"}).expect(200).at("value", kind=list)
        same([each["name"] for each in found], wanted, f"the list of {name}={value}")


@LISTS.states("A job in a list is the job as it is read alone.", Makes.JOBS, source=_SPEC)
def items(bench: Bench) -> None:
    tag = bench.name("item")
    made = make_job(bench, tags={tag: "1"})
    (listed,) = bench.arm("GET", "/jobs", query={"tag": tag}).expect(200).at("value", kind=list)
    alone = bench.arm("GET", made.path).expect(200).json()
    for place in ("id", "name", "type", "systemData"):
        same(listed[place], alone[place], place)
    same(listed["properties"]["fineTuningDetails"], alone["properties"]["fineTuningDetails"], "fineTuningDetails")


@LISTS.states("A repeated PUT does not make a second job in the list.", Makes.JOBS, source=_SPEC)
def once(bench: Bench) -> None:
    tag = bench.name("once")
    made = make_job(bench, tags={tag: "1"})
    bench.arm("PUT", made.path, made.body).expect(200)
    found = bench.arm("GET", "/jobs", query={"tag": tag}).expect(200).at("value", kind=list)
    same([each["name"] for each in found], [made.name], "the list")


@LISTS.states("A view that does not exist is refused with 400.", source=_SPEC)
def unknown_view(bench: Bench) -> None:
    bench.arm("GET", "/jobs", query={"listViewType": "NoSuchView"}).expect(400)
