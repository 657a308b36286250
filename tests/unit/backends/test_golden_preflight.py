"""What a preflight asks, to the byte, and what it reads of the answers."""

from maas_client.backends.azureml.preflight import DEPLOYMENT_ACTIONS, PROVIDER, TRAINING_ACTIONS, missing
from tests.unit.backends.exchanges import dialect, play


def test_the_permissions_of_azure_ai_developer():
    grants = play(dialect().preflight.grants(), "permissions_list_200")

    assert missing(grants, [*TRAINING_ACTIONS, *DEPLOYMENT_ACTIONS]) == ()
    # `workspaces/*/read` has a part between that `workspaces/read` has not.
    assert missing(grants, [f"{PROVIDER}/read"]) == (f"{PROVIDER}/read",)
    assert missing(grants, [f"{PROVIDER}/write", f"{PROVIDER}/hubs/write"]) == (f"{PROVIDER}/write",)


def test_a_write_that_writes_nothing():
    azureml = dialect()
    store = play(azureml.storage.open("workspaceblobstore"), "datastore_get_200", "datastore_list_secrets_200")

    assert play(azureml.preflight.write_nothing(store), "blob_put_nothing_412") is True
