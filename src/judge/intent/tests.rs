//! The rows' own examples, and lines over all mechanisms, in a world of a few files.

use super::*;
use crate::judge::intent::sample::Sample;
use crate::model::StdinKind;

fn effects(catalogue: &Catalogue, line: &str) -> Vec<String> {
    sample::effects(catalogue, line)
}

#[test]
fn every_row_is_valid_and_does_what_its_examples_say() {
    let catalogue = Catalogue::new(Vec::new()).unwrap();
    let tools = catalogue.all().unwrap();
    assert!(tools.len() >= 60, "{}", tools.len());
    let (mut wrong, mut count) = (Vec::new(), 0);
    for tool in &tools {
        assert!(!tool.about.is_empty(), "{} says nothing about itself", tool.name);
        assert!(!tool.example.is_empty(), "{} has no examples", tool.name);
        for example in &tool.example {
            count += 1;
            let got = effects(&catalogue, &example.line);
            let mut want = example.effects.clone();
            want.sort();
            if got != want {
                wrong.push(format!("{}\n    want {want:?}\n    got  {got:?}", example.line));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} examples:\n{}", wrong.len(), wrong.join("\n"));
}

/// Lines over all mechanisms with all their effects: `line` then, indented, the effects or `-`.
const LINES: &str = include_str!("lines.txt");

#[test]
fn lines_have_the_effects_that_the_table_gives() {
    let catalogue = Catalogue::new(Vec::new()).unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    let mut lines = LINES.lines().filter(|l| !l.is_empty() && !l.starts_with("# "));
    while let (Some(line), Some(want)) = (lines.next(), lines.next()) {
        count += 1;
        let got = effects(&catalogue, &line.replace('\u{240a}', "\n")).join(", ");
        let got = if got.is_empty() { "-" } else { &got };
        if got != want.trim() {
            wrong.push(format!("{line}\n    want {}\n    got  {got}", want.trim()));
        }
    }
    assert!(count >= 150, "{count}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn hostile_lines_are_answered_and_never_taken_for_harmless() {
    let catalogue = Catalogue::new(Vec::new()).unwrap();
    let many: String = (0..9000).map(|i| format!(" {i:x}.c")).collect();
    for line in [
        format!("rm{many}"),
        format!("rm{}", many.replace(".c", "*?")),
        "rm f;".repeat(13_000),
        "rm f;".repeat(14_000),
        format!("{}rm f", "env ".repeat(16_000)),
        format!("{}rm f", "A=1 ".repeat(16_000)),
        format!("env {}rm f", "A=1 ".repeat(16_000)),
        format!("sh -c '{}'", "rm f;".repeat(13_000)),
        format!("find . {}", "-exec rm {} + ".repeat(4600)),
        format!("{}rm f", "for a in 1 2 3 4 5 6 7 8; do ".repeat(2000)),
        format!("{}rm f", "$(".repeat(20_000)),
        format!("sed '{}'", "s/[a/b/;".repeat(8000)),
        format!("awk '{}'", "/[/{print}".repeat(6500)),
        format!("gcloud {}list", "beta ".repeat(13_000)),
        format!("gcloud {}delete", "a --project p ".repeat(4600)),
        format!("az {}delete", "list ".repeat(13_000)),
        format!("aws ec2 terminate-instances {}", "--ids a b ".repeat(6500)),
        format!("psql -c '{}'", "select a from b,".repeat(4000)),
        format!("psql -c '{}'", "select a from (".repeat(4000)),
    ] {
        let start: String = line.chars().take(40).collect();
        assert!(!effects(&catalogue, &line).is_empty(), "{start}");
    }
}

#[test]
fn argv_is_never_read_as_a_shell_line_and_must_be_text() {
    let catalogue = Catalogue::new(Vec::new()).unwrap();
    let argv = |words: &[&[u8]]| {
        let what = What::Argv(words.iter().map(|w| w.to_vec()).collect());
        read(&Payload { what, stdin: StdinKind::Closed }, &catalogue, &Sample, &[])
    };
    let plain = argv(&[b"rm", b"*.o; $(x)"]);
    assert_eq!(plain.effects.len(), 1);
    assert_eq!(plain.effects[0].resource.to_string(), "file:/repo/\\*.o; $(x)");
    let odd = argv(&[b"rm", b"a\xff"]);
    assert_eq!(odd.effects[0].action, Action::Opaque);
    assert_eq!(odd.effects[0].source, "argument 1 is not UTF-8 at byte 1");
    assert_eq!(argv(&[b"cd", b"src"]).effects[0].action, Action::Opaque);
}

#[test]
fn statements_from_standard_input_are_opaque() {
    let catalogue = Catalogue::new(Vec::new()).unwrap();
    let opaque = |stdin| {
        let payload = Payload { what: What::Line(b"psql app".to_vec()), stdin };
        let intent = read(&payload, &catalogue, &Sample, &[]);
        intent.effects.iter().any(|e| e.action == Action::Opaque)
    };
    assert!(opaque(StdinKind::Pipe) && opaque(StdinKind::File));
    assert!(opaque(StdinKind::Closed) && opaque(StdinKind::Terminal));
}

proptest::proptest! {
    #[test]
    fn wrapping_a_command_never_removes_an_effect(
        command in proptest::sample::select(COMMANDS.to_vec()),
        wrappers in proptest::collection::vec(proptest::sample::select(WRAPPERS.to_vec()), 1..5),
    ) {
        let catalogue = Catalogue::new(Vec::new()).unwrap();
        let bare = effects(&catalogue, command);
        let mut line = command.to_owned();
        for wrapper in &wrappers {
            line = if wrapper.ends_with('c') {
                format!("{wrapper} '{}'", line.replace('\'', r"'\''"))
            } else {
                format!("{wrapper} {line}")
            };
        }
        let wrapped = effects(&catalogue, &line);
        for effect in &bare {
            proptest::prop_assert!(wrapped.contains(effect), "{line}: {effect} not in {wrapped:?}");
        }
    }

    #[test]
    fn any_text_is_answered(text in "[a-z$(){}<>|&;'\"` \\\\=*?/.~!\\[\\]-]{0,60}") {
        let catalogue = Catalogue::new(Vec::new()).unwrap();
        let _ = effects(&catalogue, &text);
    }
}

const COMMANDS: [&str; 10] = [
    "rm -rf src",
    "cp f b",
    "cat .env",
    "curl -d @f https://h.example/x",
    "git push -f origin main",
    "find src -name x -delete",
    "psql -c 'delete from t'",
    "sed -i s/a/b/ f",
    "python3 x.py",
    "nosuchverb --x",
];
const WRAPPERS: [&str; 12] = [
    "env",
    "env -i A=1",
    "timeout 5",
    "nice -n 5",
    "nohup",
    "sudo -u root",
    "sh -c",
    "bash -ec",
    "timeout -k 1 5",
    "env - B=2",
    "stdbuf -oL",
    "setsid -w",
];

/// Marks that the rows of tools with tables of operations give a meaning.
const MARKS: [&str; 11] = [
    "read",
    "reveal",
    "create",
    "update",
    "delete",
    "execute",
    "administer",
    "opaque",
    "outfile",
    "decrypts",
    "local",
];

#[test]
fn each_operation_of_the_tables_is_found_where_it_stands() {
    let tools = Catalogue::new(Vec::new()).unwrap().all().unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for tool in &tools {
        let Some(operations) = &tool.operations else { continue };
        for line in operations.table.lines() {
            let (group, rest) = line.split_once(" = ").unwrap();
            let mut words: Vec<&str> = group.split(' ').filter(|w| *w != ".").collect();
            if words.iter().any(|w| matches!(*w, "*" | "**" | "?")) {
                words = vec!["ec2"];
            }
            let general = group.contains(['*', '?']);
            let mut marks = "";
            for token in rest.split(' ') {
                if let Some(name) = token.strip_suffix(':') {
                    marks = name;
                    let known = |m: &str| MARKS.contains(&m) || matches!(m, "-" | "help");
                    assert!(marks.split('+').all(known), "{}: {line}", tool.name);
                    continue;
                }
                count += 1;
                let word = token.replace('*', "x");
                let mut all = words.clone();
                all.push(&word);
                let found = operations.find(&all);
                let at = found.as_ref().map(|o| (o.group, o.marks.join("+")));
                let want = (marks != "-").then(|| (words.len(), marks.to_owned()));
                if !general && at != want {
                    wrong.push(format!("{}: {}: {at:?}, not {want:?}", tool.name, all.join(" ")));
                }
            }
        }
    }
    assert!(count > 2500, "{count}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

/// What operations of AWS do, from their own documentation.
const AWS: &str = "\
read: ec2 describe-vpcs, iam list-users, iam get-role, iam generate-credential-report, s3control list-jobs, \
    sqs receive-message, logs filter-log-events, logs start-query, dynamodb scan, sts get-caller-identity, \
    cloudformation validate-template, cloudformation detect-stack-drift, lambda get-function, \
    configservice describe-config-rules, deploy list-applications, kms list-keys, ce get-cost-and-usage, \
    cloudtrail lookup-events, route53 test-dns-answer, organizations describe-organization, \
    resourcegroupstaggingapi get-resources, stepfunctions describe-execution, ssm describe-parameters
reveal: secretsmanager get-secret-value, secretsmanager batch-get-secret-value, sts assume-role, \
    sts get-session-token, sts assume-role-with-web-identity, sts get-federation-token, kms decrypt, \
    ecr get-login-password, ecr get-authorization-token, ec2 get-password-data, eks get-token, \
    rds generate-db-auth-token, redshift get-cluster-credentials, acm export-certificate, \
    codeartifact get-authorization-token, cognito-identity get-credentials-for-identity, \
    sso get-role-credentials, lightsail get-bucket-access-keys, kms generate-data-key
create: ec2 run-instances, ec2 create-vpc, rds restore-db-instance-from-db-snapshot, dynamodb create-table, \
    secretsmanager create-secret, lambda create-function, cloudformation create-stack
update: ec2 start-instances, ec2 stop-instances, ec2 reboot-instances, ec2 create-tags, rds modify-db-instance, \
    lambda publish-version, sns publish, sqs send-message, autoscaling set-desired-capacity, \
    dynamodb put-item, ecs update-service, logs put-retention-policy, cloudwatch put-metric-alarm
delete: ec2 terminate-instances, ec2 release-address, rds delete-db-instance, sqs purge-queue, \
    dynamodb delete-item, kinesis deregister-stream-consumer, ecr batch-delete-image
administer: iam attach-role-policy, iam put-user-policy, iam create-user, iam delete-role, iam change-password, \
    iam add-user-to-group, kms put-key-policy, kms create-grant, lambda add-permission, \
    ec2 authorize-security-group-ingress, sso-admin create-account-assignment, cloudtrail stop-logging, \
    secretsmanager put-resource-policy, organizations attach-policy, sns add-permission
execute: ssm send-command, ssm start-session, ecs execute-command, ecs run-task, codebuild start-build, \
    stepfunctions start-execution, batch submit-job, glue start-job-run, emr add-steps
create+reveal: ec2 create-key-pair, appsync create-api-key
administer+reveal: iam create-access-key
read+outfile: s3api get-object
execute+outfile: lambda invoke
read+decrypts: ssm get-parameter, ssm get-parameters-by-path
-: ec2 frobnicate, ec9 describe-instances, s3 describe-instances, iam attach, lambda";

#[test]
fn operations_of_aws_do_what_is_known_of_them() {
    let aws = Catalogue::new(Vec::new()).unwrap().tool("aws", "aws").unwrap();
    let operations = aws.operations.as_ref().unwrap();
    for line in AWS.lines() {
        let (marks, list) = line.split_once(": ").unwrap();
        for operation in list.split(", ") {
            let words: Vec<&str> = operation.split_ascii_whitespace().collect();
            let found = operations.find(&words).map_or("-".to_owned(), |o| o.marks.join("+"));
            assert_eq!(found, marks, "{operation}");
        }
    }
    let services = operations.table.lines().count();
    assert!(services > 400, "{services}");
}

#[test]
fn inline_code_stands_with_its_hash_and_two_texts_are_two_effects() {
    let catalogue = Catalogue::new(Vec::new()).unwrap();
    let line = b"python3 -c 'import a' && python3 -c 'import b' && python3 -c 'import a'".to_vec();
    let payload = Payload { what: What::Line(line), stdin: StdinKind::Closed };
    let intent = read(&payload, &catalogue, &Sample, &[]);
    let sources: Vec<&str> = intent.effects.iter().map(|e| e.source.as_str()).collect();
    let hash = |text: &str| crate::model::sha256(&[text.as_bytes()]).to_string();
    assert_eq!(sources.len(), 2, "{sources:?}");
    assert!(sources[0].ends_with(&hash("import a")) && sources[1].ends_with(&hash("import b")));
}
