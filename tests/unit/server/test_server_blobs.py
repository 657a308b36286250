"""The blob protocol and its signatures."""

import hashlib
import http.client
import re
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

BLOCK = {"x-ms-blob-type": "BlockBlob"}


def test_put_head_get_and_metadata(space):
    server, sas = space.server, space.sas()
    url = space.blob_url("LocalUpload/0a/tr ain.jsonl".replace(" ", "%20"))
    assert re.fullmatch(
        r"http://127\.0\.0\.1:\d+/[a-z0-9]+\.blob\.core\.windows\.net/azureml-blobstore-[0-9a-f-]+/.*", url
    )
    missing = server.send("HEAD", f"{url}?{sas}")
    assert (missing.status, missing.headers["x-ms-error-code"]) == (404, "BlobNotFound")
    put = server.send("PUT", f"{url}?{sas}", b"hello world", {**BLOCK, "x-ms-meta-a": "1", "If-None-Match": "*"})
    assert put.status == 201
    again = server.send("PUT", f"{url}?{sas}", b"other", {**BLOCK, "If-None-Match": "*"})
    assert (again.status, again.headers["x-ms-error-code"]) == (409, "BlobAlreadyExists")
    head = server.send("HEAD", f"{url}?{sas}")
    assert (head.headers["Content-Length"], head.headers["x-ms-meta-a"]) == ("11", "1")
    assert (head.headers["x-ms-blob-type"], head.headers["ETag"]) == ("BlockBlob", put.headers["ETag"])
    changed = server.send("PUT", f"{url}?comp=metadata&{sas}", b"", {"x-ms-meta-upload_status": "completed"})
    assert changed.status == 200
    assert server.send("HEAD", f"{url}?{sas}").headers["x-ms-meta-upload_status"] == "completed"
    assert server.send("GET", f"{url}?{sas}").content == b"hello world"
    part = server.send("GET", f"{url}?{sas}", headers={"x-ms-range": "bytes=6-33554431"})
    assert (part.status, part.content, part.headers["Content-Range"]) == (206, b"world", "bytes 6-10/11")
    beyond = server.send("GET", f"{url}?{sas}", headers={"Range": "bytes=11-"})
    assert (beyond.status, beyond.headers["x-ms-error-code"]) == (416, "InvalidRange")
    short = url.replace(".blob.core.windows.net", "")
    assert server.send("GET", f"{short}?{sas}").content == b"hello world"
    assert server.send("GET", url, headers={"Authorization": "Bearer x"}).content == b"hello world"


def test_refusals_of_put(space):
    server, url = space.server, f"{space.blob_url('x.jsonl')}?{space.sas()}"
    codes = {}
    for name, headers in (("none", {}), ("page", {"x-ms-blob-type": "PageBlob"})):
        answer = server.send("PUT", url, b"x", headers)
        codes[name] = (answer.status, answer.headers["x-ms-error-code"])
    assert codes == {"none": (400, "MissingRequiredHeader"), "page": (501, "NotImplemented")}
    block = server.send("PUT", f"{url}&comp=tags", b"x")
    assert (block.status, block.headers["x-ms-error-code"]) == (501, "NotImplemented")
    assert server.send("DELETE", url).status == 405
    target = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    chunks = iter([b"a", b"b"])
    connection.request("PUT", f"{target.path}?{target.query}", chunks, BLOCK, encode_chunked=True)
    assert connection.getresponse().status == 411
    connection.close()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("PUT", f"{target.path}?{target.query}")
    for key, value in {**BLOCK, "Content-Length": str(6 * 2**30), "Expect": "100-continue"}.items():
        connection.putheader(key, value)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    long = space.blob_url("n" * 1025)
    assert server.send("GET", f"{long}?{space.sas()}").headers["x-ms-error-code"] == "InvalidResourceName"


def test_signature_opens_one_container_for_its_time(space, space_of):
    server, url, sas = space.server, space.blob_url("x.jsonl"), space.sas()
    assert server.send("PUT", f"{url}?{sas}", b"x", BLOCK).status == 201

    def code(target, query, method="GET"):
        answer = server.send(method, f"{target}?{query}")
        assert b"<Error><Code>" in answer.content
        return answer.status, answer.headers["x-ms-error-code"]

    assert code(url, "") == (401, "NoAuthenticationInformation")
    assert code(url, sas.replace("sp=racwl", "sp=r")) == (403, "AuthenticationFailed")
    assert code(url, re.sub("se=20", "se=21", sas)) == (403, "AuthenticationFailed")
    assert code(url, sas[:-4] + "AAAA") == (403, "AuthenticationFailed")
    assert code(space.blob_url("x", "workspaceartifactstore"), sas) == (403, "AuthenticationFailed")
    assert code(space_of(server).blob_url("x.jsonl"), sas) == (403, "AuthenticationFailed")
    artifacts = space.sas("workspaceartifactstore")
    assert code(url.replace("azureml-blobstore", "no-store"), artifacts)[0] == 403
    nowhere = re.sub(r"azureml-blobstore-[0-9a-f-]+", "other", url)
    answer = server.send("GET", nowhere, headers={"Authorization": "Bearer x"})
    assert (answer.status, answer.headers["x-ms-error-code"]) == (404, "ContainerNotFound")
    server.advance(3590)
    assert server.send("GET", f"{url}?{sas}").status == 200
    server.advance(20)
    assert code(url, sas) == (403, "AuthenticationFailed")


def test_listing_a_container(space):
    names = ["a/1.txt", "a/2.txt", "a/b/3.txt", "c&d.txt", "e.txt"]
    for name in names:
        space.upload(name.replace("&", "%26"), name.encode())
    base = f"{space.blob_url('')}?restype=container&comp=list&{space.sas()}"

    def listed(query):
        answer = space.server.send("GET", base + query)
        assert answer.status == 200, answer.content
        tree = ET.fromstring(answer.content)
        return [item.text for item in tree.findall("Blobs/*/Name")], tree

    assert listed("")[0] == names
    assert listed("&prefix=a/")[0] == names[:3]
    assert listed("&delimiter=/")[0] == ["a/", "c&d.txt", "e.txt"]
    assert listed("&prefix=a/&delimiter=/")[0] == ["a/1.txt", "a/2.txt", "a/b/"]
    found, marker = [], ""
    while True:
        page, tree = listed(f"&maxresults=2&marker={marker}")
        found += page
        marker = tree.findtext("NextMarker") or ""
        if not marker:
            break
    assert found == names
    assert space.server.send("GET", base + "&maxresults=0").status == 400
    assert space.server.send("GET", base + "&marker=abcde").status == 400
    assert space.server.send("GET", base.replace("comp=list", "comp=acl")).status == 501


def test_large_blob_is_streamed_in_constant_memory(tmp_path, start, space_of):
    server = start(tmp_path / "state")
    space = space_of(server)
    target = urlsplit(f"{space.blob_url('big.jsonl')}?{space.sas()}")
    path = f"{target.path}?{target.query}"
    before = _peak_bytes(server.process.pid)
    size, piece, digest = 50 * 2**20, bytes(range(256)) * 1024, hashlib.sha256()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("PUT", path)
    for key, value in {**BLOCK, "Content-Length": str(size)}.items():
        connection.putheader(key, value)
    connection.endheaders()
    for _ in range(size // len(piece)):
        connection.send(piece)
        digest.update(piece)
    response = connection.getresponse()
    assert response.status == 201, response.read()
    response.read()
    got = hashlib.sha256()
    connection.request("GET", path)
    response = connection.getresponse()
    while chunk := response.read(2**20):
        got.update(chunk)
    connection.close()
    assert got.digest() == digest.digest()
    assert [file.name for file in (tmp_path / "state" / "blobs").iterdir()] == [digest.hexdigest()]
    if before is not None:
        assert _peak_bytes(server.process.pid) - before < 20 * 2**20


def test_cut_upload_leaves_nothing(tmp_path, start, space_of):
    server = start(tmp_path / "state")
    space = space_of(server)
    target = urlsplit(f"{space.blob_url('cut.jsonl')}?{space.sas()}")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("PUT", f"{target.path}?{target.query}")
    for key, value in {**BLOCK, "Content-Length": "1000"}.items():
        connection.putheader(key, value)
    connection.endheaders(b"only a part")
    connection.close()
    assert server.send("HEAD", f"{target.path}?{target.query}").status == 404
    assert server.stop() == 0
    assert list((tmp_path / "state" / "blobs").iterdir()) == []


def _peak_bytes(pid):
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024


@pytest.mark.parametrize(
    ("method", "query", "headers", "status", "code"),
    [
        ("GET", "comp=nonsense", {}, 400, "InvalidQueryParameterValue"),
        ("GET", "comp=tags", {}, 501, "NotImplemented"),
        ("PUT", "", {"x-ms-blob-type": "Blob"}, 400, "InvalidHeaderValue"),
        ("PUT", "", {"x-ms-blob-type": "PageBlob"}, 501, "NotImplemented"),
        ("GET", "", {"x-ms-version": "now"}, 400, "InvalidHeaderValue"),
        ("DELETE", "", {}, 405, "UnsupportedHttpVerb"),
    ],
)
def test_what_no_blob_service_has_is_told_apart_from_what_this_one_lacks(space, method, query, headers, status, code):
    url = f"{space.blob_url('a.txt')}?{query}&{space.sas()}"
    answer = space.server.send(method, url, None, headers)
    assert (answer.status, answer.headers["x-ms-error-code"]) == (status, code)


def test_a_container_with_an_impossible_name_is_told_in_xml(space):
    url = space.blob_url("a.txt").replace("azureml-blobstore", "AZUREML_blobstore")
    answer = space.server.send("GET", f"{url}?{space.sas()}")
    assert (answer.status, answer.headers["x-ms-error-code"]) == (400, "InvalidResourceName")
    assert answer.headers["Content-Type"] == "application/xml"
