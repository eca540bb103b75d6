"""The AWS adapters keep the ports' contracts, over real HTTP to an emulated AWS."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.config import Config
from botocore.session import get_session
from moto.server import ThreadedMotoServer

from bellpair_core.adapters.aws import client
from bellpair_core.adapters.device_tasks import DeviceTasks
from bellpair_core.adapters.dynamodb_catalogue import DynamoDbCatalogue
from bellpair_core.adapters.dynamodb_forms import DynamoDbForms
from bellpair_core.adapters.dynamodb_functions import DynamoDbFunctions
from bellpair_core.adapters.dynamodb_journal import DynamoDbJournal
from bellpair_core.adapters.dynamodb_ledger import DynamoDbLedger
from bellpair_core.adapters.dynamodb_table import DynamoDbTable
from bellpair_core.adapters.meter import Meter
from bellpair_core.adapters.s3_blobs import S3Blobs
from bellpair_core.model.errors import ResultMissing, TransientFault
from bellpair_core.model.pair import PairRecord
from bellpair_core.ports import (
    Blobs,
    Catalogue,
    CompiledForms,
    Journal,
    Ledger,
    TaskState,
    TaskStatus,
)
from tests.contract.aws_tables import create_catalogue_table, create_ledger_table
from tests.contract.blob_copies_contract import BlobCopiesContract
from tests.contract.blobs_contract import BlobsContract
from tests.contract.catalogue_contract import DEVICE_NAMES, SNAPSHOTS_KEPT, CatalogueContract
from tests.contract.forms_contract import FormsContract
from tests.contract.functions_contract import FunctionsContract, FunctionStore
from tests.contract.journal_contract import JournalContract
from tests.contract.ledger_contract import LedgerContract
from tests.examples import device_example, job_example
from tests.fakes import FakeClock
from tests.fakes.device_surroundings import surroundings

HOME, PEER = "us-east-1", "us-west-2"
INITIAL = PairRecord(active=HOME, passive=PEER)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        client.cache_clear()
        yield f"http://{host}:{port}"
    client.cache_clear()
    server.stop()


def new_name() -> str:
    return f"test-{uuid4().hex[:12]}"


def table(called: str, name: str, meter: Meter | None = None) -> DynamoDbTable:
    return DynamoDbTable(called, name, HOME, meter or Meter(1024))


class TestDynamoDbForms(FormsContract):
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def forms(self, aws: str, clock: FakeClock) -> CompiledForms:
        name = new_name()
        create_catalogue_table(client("dynamodb", HOME), name)
        return DynamoDbForms(table("catalogue", name), clock)

    def test_a_damaged_item_is_none(self, aws: str, clock: FakeClock) -> None:
        name = new_name()
        create_catalogue_table(client("dynamodb", HOME), name)
        forms = DynamoDbForms(table("catalogue", name), clock)
        forms.put("a" * 64, {"program": "x"})
        client("dynamodb", HOME).update_item(
            TableName=name,
            Key={"pk": {"S": f"FORM#{'a' * 64}"}, "sk": {"S": "FORM"}},
            UpdateExpression="SET doc = :doc",
            ExpressionAttributeValues={":doc": {"S": '{"program": '}},
        )

        assert forms.get("a" * 64) is None

    def test_a_table_that_is_not_there_is_only_a_miss(self, aws: str, clock: FakeClock) -> None:
        forms = DynamoDbForms(table("catalogue", new_name()), clock)

        forms.put("a" * 64, {"program": "x"})

        assert forms.get("a" * 64) is None


class TestDynamoDbLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, aws: str) -> Ledger:
        name = new_name()
        create_ledger_table(client("dynamodb", HOME), name)
        return DynamoDbLedger(table("ledger", name), INITIAL)

    def test_consumed_units_are_counted(self, aws: str) -> None:
        name = new_name()
        create_ledger_table(client("dynamodb", HOME), name)
        meter = Meter(1024)
        ledger = DynamoDbLedger(table("ledger", name, meter), INITIAL)
        ledger.insert(job_example())
        ledger.job(job_example().id)

        taken = meter.take()

        assert taken.writes == 1
        assert taken.write_units > 0
        assert taken.read_units > 0
        assert meter.take().writes == 0


class TestDynamoDbJournal(JournalContract):
    @pytest.fixture
    def journal(self, aws: str) -> Journal:
        name = new_name()
        create_ledger_table(client("dynamodb", HOME), name)
        return DynamoDbJournal(table("ledger", name))


class TestDynamoDbCatalogue(CatalogueContract):
    @pytest.fixture
    def catalogue(self, aws: str) -> Catalogue:
        name = new_name()
        create_catalogue_table(client("dynamodb", HOME), name)
        names = (*DEVICE_NAMES, "square-20")
        return DynamoDbCatalogue(table("catalogue", name), names, kept=SNAPSHOTS_KEPT)


class TestDynamoDbFunctions(FunctionsContract):
    @pytest.fixture
    def functions(self, aws: str) -> FunctionStore:
        name = new_name()
        create_catalogue_table(client("dynamodb", HOME), name)
        return DynamoDbFunctions(table("catalogue", name))


def buckets() -> dict[str, str]:
    made = {HOME: new_name(), PEER: new_name()}
    client("s3", HOME).create_bucket(Bucket=made[HOME])
    client("s3", PEER).create_bucket(
        Bucket=made[PEER], CreateBucketConfiguration={"LocationConstraint": PEER}
    )
    return made


def incompressible(size: int) -> bytes:
    from random import Random

    return Random(7).randbytes(size)


class TestS3Blobs(BlobsContract):
    @pytest.fixture
    def blobs(self, aws: str) -> Blobs:
        return S3Blobs(buckets(), HOME)

    def test_a_large_payload_is_in_both_regions_before_put_returns(self, aws: str) -> None:
        made = buckets()

        ref = S3Blobs(made, HOME).put(incompressible(50_000))

        assert ref.inline is None
        assert not ref.single_copy
        for region, bucket in made.items():
            assert client("s3", region).list_objects_v2(Bucket=bucket)["KeyCount"] == 1

    def test_a_payload_is_read_from_the_peer_where_the_own_copy_is_lost(self, aws: str) -> None:
        made = buckets()
        data = incompressible(50_000)
        ref = S3Blobs(made, HOME).put(data)
        own = client("s3", HOME)
        own.delete_object(
            Bucket=made[HOME], Key=own.list_objects_v2(Bucket=made[HOME])["Contents"][0]["Key"]
        )

        assert S3Blobs(made, HOME).get(ref) == data

    def test_a_region_whose_bucket_is_not_there_again_counts_as_away(self, aws: str) -> None:
        made = buckets()
        whole, healing = S3Blobs(made, HOME), S3Blobs({**made, HOME: new_name()}, HOME)
        data = incompressible(50_000)

        assert healing.get(whole.put(data)) == data
        assert healing.put(incompressible(60_000)).single_copy

    def test_a_payload_lost_everywhere_is_a_transient_fault(self, aws: str) -> None:
        ref = S3Blobs(buckets(), HOME).put(incompressible(50_000))

        with pytest.raises(TransientFault, match="no region has"):
            S3Blobs(buckets(), HOME).get(ref)


class S3Buckets:
    """Two buckets, and what may happen to them."""

    def __init__(self) -> None:
        self.names = buckets()
        self.lost: set[str] = set()
        self.blobs = S3Blobs(self.names, HOME, self.s3)

    def s3(self, region: str) -> Any:
        return _unreachable_s3() if region in self.lost else client("s3", region)

    def lose(self, region: str) -> None:
        self.lost.add(region)

    def find(self, region: str) -> None:
        self.lost.remove(region)

    def drop(self, region: str, digest: str) -> None:
        client("s3", region).delete_object(Bucket=self.names[region], Key=self._key(digest))

    def damage(self, region: str, digest: str) -> None:
        client("s3", region).put_object(
            Bucket=self.names[region], Key=self._key(digest), Body=zlib.compress(b"damaged")
        )

    def _key(self, digest: str) -> str:
        return f"sha256/{digest[:2]}/{digest}"


def _unreachable_s3() -> Any:
    """A client for a port where nobody listens."""
    return get_session().create_client(
        "s3",
        region_name=HOME,
        endpoint_url="http://127.0.0.1:9",
        config=Config(retries={"total_max_attempts": 1}),
    )


def completed(bucket: str) -> TaskState:
    return TaskState(
        arn=f"arn:aws:braket:{HOME}:000000000000:quantum-task/1",
        status=TaskStatus.COMPLETED,
        output_bucket=bucket,
        output_directory="jobs/job-1/1/1",
    )


def test_a_result_is_missing_only_where_its_bucket_is_there(aws: str) -> None:
    tasks = DeviceTasks([], surroundings())

    with pytest.raises(ResultMissing):
        tasks.result(completed(buckets()[HOME]))
    with pytest.raises(TransientFault, match="NoSuchBucket"):
        tasks.result(completed(new_name()))


def test_a_table_that_is_being_restored_is_asked_again(aws: str) -> None:
    ledger = DynamoDbLedger(table("ledger", new_name()), INITIAL)
    catalogue = DynamoDbCatalogue(table("catalogue", new_name()), ["sv1"])
    job = job_example()

    for call in (
        ledger.pair,
        catalogue.devices,
        lambda: ledger.insert(job),
        lambda: ledger.replace(job, job),
        lambda: ledger.waiting("sv1", 1),
        lambda: ledger.acquire_slot("qpu", job.id, 1),
        lambda: catalogue.tenant("acme"),
        lambda: catalogue.put_device(device_example("sv1")),
    ):
        with pytest.raises(TransientFault, match="ResourceNotFoundException"):
            call()


class TestS3BlobCopies(BlobCopiesContract):
    @pytest.fixture
    def buckets(self, aws: str) -> S3Buckets:
        return S3Buckets()

    def test_more_blobs_than_one_listing_holds_are_all_found(
        self, aws: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # moto's word for how many objects a listing shows at a time.
        monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")
        made = S3Buckets()
        s3 = client("s3", HOME)
        digests = [f"{number:064x}" for number in range(25)]
        for digest in digests:
            s3.put_object(Bucket=made.names[HOME], Key=f"single-copy/{digest}", Body=b"")

        assert s3.list_objects_v2(Bucket=made.names[HOME])["KeyCount"] == 10
        assert list(made.blobs.marked(HOME)) == digests

    def test_a_payload_that_cannot_be_marked_is_not_promised(self, aws: str) -> None:
        made = S3Buckets()
        made.lose(PEER)
        working = made.s3

        class Unmarking:
            """Takes blobs and no marks."""

            def put_object(self, **given: Any) -> Any:
                s3 = working(HOME) if given["Key"].startswith("sha256/") else _unreachable_s3()
                return s3.put_object(**given)

        blobs = S3Blobs(
            made.names, HOME, lambda region: Unmarking() if region == HOME else working(region)
        )

        with pytest.raises(TransientFault):
            blobs.put(incompressible(50_000))
