"""Blobs in blocks: any order, committed at once, durable, collected; and the conditions of writes and reads."""

import hashlib
from base64 import b64encode
from xml.etree import ElementTree as ET

import pytest

WEEK = 7 * 86_400
BLOCK = {"x-ms-blob-type": "BlockBlob"}


def block_id(number: int) -> str:
    return b64encode(f"{number:06d}".encode()).decode()


class Blob:
    """One blob of a workspace, by its signed url."""

    def __init__(self, space, path="big.jsonl"):
        self.server = space.server
        self.url = f"{space.blob_url(path)}?{space.sas()}"

    def send(self, method, query="", body=None, **headers):
        return self.server.send(
            method, self.url + query, body, {name.replace("_", "-"): v for name, v in headers.items()}
        )

    def stage(self, number, data, **headers):
        return self.send("PUT", f"&comp=block&blockid={block_id(number).replace('=', '%3D')}", data, **headers)

    def commit(self, *numbers, where="Latest", **headers):
        inner = "".join(f"<{where}>{block_id(number)}</{where}>" for number in numbers)
        return self.put_list(f"<BlockList>{inner}</BlockList>".encode(), **headers)

    def put_list(self, body, **headers):
        return self.send("PUT", "&comp=blocklist", body, Content_Type="application/xml", **headers)

    def listed(self, kind):
        answer = self.send("GET", f"&comp=blocklist&blocklisttype={kind}")
        assert answer.status == 200, answer.content
        tree = ET.fromstring(answer.content)
        return {
            part: [(item.findtext("Name"), int(item.findtext("Size") or 0)) for item in tree.findall(f"{part}/Block")]
            for part in ("CommittedBlocks", "UncommittedBlocks")
        }


def code(answer):
    return answer.status, answer.headers["x-ms-error-code"]


@pytest.fixture
def blob(space):
    return Blob(space)


def test_blocks_come_in_any_order_and_appear_at_once(blob):
    parts = {number: bytes([65 + number]) * (1000 + number) for number in range(5)}
    for number in (3, 0, 4, 1, 2):
        assert blob.stage(number, parts[number]).status == 201
        assert blob.send("HEAD").status == 404
    assert blob.listed("uncommitted")["UncommittedBlocks"] == sorted((block_id(n), len(parts[n])) for n in range(5))
    done = blob.commit(*range(5), x_ms_meta_state="completed", x_ms_blob_content_type="application/jsonl")
    assert done.status == 201
    whole = b"".join(parts.values())
    head = blob.send("HEAD")
    assert (head.headers["Content-Length"], head.headers["ETag"]) == (str(len(whole)), done.headers["ETag"])
    assert (head.headers["Content-Type"], head.headers["x-ms-meta-state"]) == ("application/jsonl", "completed")
    assert blob.send("GET").content == whole
    assert blob.send("GET", Range="bytes=990-2010").content == whole[990:2011]
    assert blob.send("GET", Range="bytes=-7").content == whole[-7:]
    assert blob.listed("all") == {
        "CommittedBlocks": [(block_id(n), len(parts[n])) for n in range(5)],
        "UncommittedBlocks": [],
    }


def test_a_list_takes_committed_and_new_blocks_and_drops_the_rest(blob):
    for number in range(3):
        blob.stage(number, b"old%d" % number)
    assert blob.commit(0, 1, 2).status == 201
    blob.stage(1, b"new1")
    blob.stage(7, b"never")
    assert blob.commit(1, where="Committed").status == 201
    assert blob.send("GET").content == b"old1"
    assert blob.listed("all")["UncommittedBlocks"] == []
    blob.stage(2, b"two")
    assert blob.commit(1, 2).status == 201
    assert blob.send("GET").content == b"old1two"
    assert code(blob.commit(9)) == (400, "InvalidBlockList")
    assert code(blob.commit(2, where="Uncommitted")) == (400, "InvalidBlockList")
    assert blob.commit().status == 201
    assert blob.send("HEAD").headers["Content-Length"] == "0"


def test_the_same_block_again_takes_the_place_of_the_first(blob):
    blob.stage(0, b"first")
    blob.stage(0, b"second")
    assert blob.commit(0, 0).status == 201
    assert blob.send("GET").content == b"secondsecond"


def test_a_whole_put_drops_what_waited(blob):
    blob.stage(0, b"waiting")
    assert blob.send("PUT", "", b"whole", **{"x-ms-blob-type": "BlockBlob"}).status == 201
    assert blob.listed("all") == {"CommittedBlocks": [], "UncommittedBlocks": []}
    assert blob.send("GET").content == b"whole"


def test_blocks_are_held_against_their_digest(blob):
    right = b64encode(hashlib.md5(b"data").digest()).decode()
    assert blob.stage(0, b"data", Content_MD5=right).headers["Content-MD5"] == right
    assert code(blob.stage(1, b"dada", Content_MD5=right)) == (400, "Md5Mismatch")
    assert code(blob.stage(1, b"data", Content_MD5="bad")) == (400, "InvalidMd5")
    assert [name for name, _ in blob.listed("uncommitted")["UncommittedBlocks"]] == [block_id(0)]


def test_what_is_no_block_or_list_is_refused(blob):
    assert code(blob.send("PUT", "&comp=block", b"x")) == (400, "MissingRequiredQueryParameter")
    assert code(blob.send("PUT", "&comp=block&blockid=a", b"x")) == (400, "InvalidBlockId")
    assert code(blob.send("PUT", f"&comp=block&blockid={'QUFB' * 30}", b"x")) == (400, "InvalidBlockId")
    assert code(blob.stage(0, b"")) == (400, "InvalidHeaderValue")
    assert blob.stage(0, b"x").status == 201
    assert code(blob.send("PUT", "&comp=block&blockid=QQ%3D%3D", b"x")) == (400, "InvalidBlobOrBlock")
    for body in (b"<BlockList>", b"<Blocks/>", b"<BlockList><Other>QQ==</Other></BlockList>",
                 b'<!DOCTYPE a [<!ENTITY b "c">]><BlockList/>'):  # fmt: skip
        assert code(blob.put_list(body)) == (400, "InvalidXmlDocument")
    assert code(blob.send("GET", "&comp=blocklist&blocklisttype=some")) == (400, "InvalidQueryParameterValue")
    assert blob.send("HEAD").status == 404


def test_a_blob_of_which_nothing_is_known_has_no_list(space):
    assert code(Blob(space, "none.jsonl").send("GET", "&comp=blocklist")) == (404, "BlobNotFound")


def test_conditions_of_writes_and_reads(blob):
    blob.stage(0, b"a")
    assert code(blob.commit(0, If_Match="*")) == (412, "ConditionNotMet")
    first = blob.commit(0, If_None_Match="*")
    assert first.status == 201
    blob.stage(0, b"b")
    assert code(blob.commit(0, If_None_Match="*")) == (409, "BlobAlreadyExists")
    assert code(blob.commit(0, If_Match='"0xOTHER"')) == (412, "ConditionNotMet")
    second = blob.commit(0, If_Match=first.headers["ETag"])
    assert second.status == 201
    etag = second.headers["ETag"]
    assert blob.send("GET", If_None_Match=etag).status == 304
    assert blob.send("GET", If_Match=first.headers["ETag"]).status == 412
    assert blob.send("GET", If_Modified_Since="Tue, 24 Nov 2099 10:00:00 GMT").status == 304
    assert blob.send("GET", If_Unmodified_Since="Tue, 24 Nov 2009 10:00:00 GMT").status == 412
    assert code(blob.send("GET", If_Unmodified_Since="yesterday")) == (400, "InvalidHeaderValue")
    assert code(blob.send("PUT", "", b"x", If_None_Match=etag, x_ms_blob_type="BlockBlob")) == (412, "ConditionNotMet")
    assert blob.send("GET").content == b"b"


def test_a_container_tells_of_itself(space):
    url = f"{space.blob_url('')}?restype=container&{space.sas()}"
    assert space.server.send("GET", url).headers["x-ms-lease-state"] == "available"
    assert space.server.send("HEAD", url).status == 200
    assert code(space.server.send("PUT", url, b"")) == (409, "ContainerAlreadyExists")


def test_blocks_survive_a_kill_and_wait_a_week(tmp_path, start, space_of):
    state = tmp_path / "state"
    server = start(state)
    space = space_of(server)
    blob = Blob(space)
    blob.stage(0, b"kept")
    blob.stage(1, b"kept too")
    server.kill()
    (state / "blobs" / "block-orphan").write_bytes(b"left behind by a kill")
    server = start(state)
    space.server = server
    again = Blob(space)
    assert [size for _, size in again.listed("uncommitted")["UncommittedBlocks"]] == [4, 8]
    assert not (state / "blobs" / "block-orphan").exists()
    server.advance(WEEK - 60)
    again = Blob(space)
    assert again.listed("uncommitted")["UncommittedBlocks"] != []
    assert again.stage(2, b"newest").status == 201
    server.advance(WEEK - 60)
    again = Blob(space)
    assert len(again.listed("uncommitted")["UncommittedBlocks"]) == 3
    server.advance(120)
    again = Blob(space)
    assert code(again.send("GET", "&comp=blocklist")) == (404, "BlobNotFound")
    assert list((state / "blobs").glob("block-*")) == []


def test_a_job_trains_on_a_file_of_blocks(space):
    data = space.rows(40)
    blob = Blob(space, "LocalUpload/x/train.jsonl")
    middle = len(data) // 2 + 7
    blob.stage(0, data[:middle])
    blob.stage(1, data[middle:])
    assert blob.commit(0, 1).status == 201
    assert (
        space.submit("in-blocks", "azureml://datastores/workspaceblobstore/paths/LocalUpload/x/train.jsonl").status
        == 201
    )
    space.server.advance(400_000)
    assert space.status("in-blocks") == "Completed"
