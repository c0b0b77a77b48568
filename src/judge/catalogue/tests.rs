//! Tests of the catalogue's loader: rows load, faults are refused, the bundle comes back.

use super::*;

const ROW: &str =
    "[[tool]]\nname = \"frob\"\nflag = [{ names = [\"-x\"], effects = [\"read path\"] }]\n";

fn extra(text: &str) -> Result<Catalogue, CatalogueError> {
    Catalogue::new(vec![("extra".to_owned(), text.to_owned())])
}

#[test]
fn every_compiled_in_row_loads_and_is_found_by_each_of_its_names() {
    let catalogue = Catalogue::default();
    catalogue.check().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(catalogue.tool("grm", "x").unwrap().name, "rm");
    assert_eq!(catalogue.tool("x", "bash").unwrap().name, "bash");
    assert!(catalogue.tool("no-such-tool", "neither").is_none());
}

#[test]
fn the_data_beside_the_tools_loads() {
    let data = Sensitive::parse(sensitive::TEXT).unwrap_or_else(|e| panic!("{e}"));
    for (name, secret) in [
        ("/r/.env", true),
        ("/r/.env.local", true),
        ("/r/.env.example", false),
        ("/h/.ssh/id_ed25519", true),
        ("/h/.ssh/known_hosts", false),
        ("/h/.ssh/*", true),
        ("/h/.s*/*", true),
        ("/r/*", false),
        ("/r/.env*", true),
        ("/r/**", false),
        ("/h/.ssh/**", true),
        ("/r/main.rs", false),
    ] {
        assert_eq!(data.is_secret(&Glob::parse(name).unwrap()), secret, "{name}");
    }
    assert!(data.is_persistent(&Glob::literal("/r/.git/hooks/pre-commit")));
    assert!(!data.is_persistent(&Glob::literal("/r/.git/index")));
    assert!(data.environment.executes("GIT_CONFIG_KEY_0", Some("x")));
    assert!(!data.environment.executes("GIT_PAGER", Some("cat")));
    assert!(!data.environment.executes("CI", Some("1")));
}

#[test]
fn an_installation_may_add_a_tool_but_not_replace_one() {
    let catalogue = extra(ROW).unwrap();
    assert_eq!(catalogue.tool("frob", "frob").unwrap().flag.len(), 1);
    let e = extra(&ROW.replace("frob", "rm")).unwrap_err();
    assert!(e.message.contains("`rm` is given twice"), "{e}");
    assert_ne!(catalogue.sha256(), Catalogue::default().sha256());
}

#[test]
fn what_is_not_understood_in_a_row_is_refused_with_its_name() {
    for (from, to, says) in [
        ("name", "nam", "unknown field"),
        ("names", "frobs", "unknown field"),
        ("read path", "read paht", "neither a kind nor a resource"),
        ("read path", "path", "needs an action"),
        ("read path", "view path", "neither"),
        ("read path", "read file:{nope}", "unknown variable"),
        ("read path", "if x read path", "after the mark"),
        ("\"-x\"", "\"x\"", "no name of a flag"),
        ("\"-x\"", "\"-x\", \"-x\"", "given twice"),
        ("effects", "kills = [\"opaque\"], effects", "cannot be killed"),
    ] {
        let e = extra(&ROW.replacen(from, to, 1)).unwrap_err();
        assert!(e.to_string().contains(says), "{to}: {e}");
        assert_eq!(e.file, "extra");
    }
    let e = extra(&format!("{ROW}operands = [{{ at = \"x\" }}]\n")).unwrap_err();
    assert!(e.message.contains("no range of operands"), "{e}");
}

#[test]
fn a_bundle_comes_back_as_the_same_catalogue() {
    let catalogue = extra(ROW).unwrap();
    let back = Catalogue::from_bundle(&catalogue.bundle()).unwrap();
    assert_eq!(back.sha256(), catalogue.sha256());
    assert!(back.tool("frob", "frob").is_some());
    assert!(Catalogue::from_bundle(b"{}").is_err());
    assert!(Catalogue::from_bundle(b"nonsense").is_err());
}

#[test]
fn ranges_count_from_both_ends() {
    let range = |t: &str| Range::try_from(t.to_owned()).unwrap();
    for (text, count, places) in [
        ("0", 3, vec![0]),
        ("-1", 3, vec![2]),
        ("0..-1", 3, vec![0, 1]),
        ("1..", 3, vec![1, 2]),
        ("all", 2, vec![0, 1]),
        ("0..-1", 1, vec![]),
        ("-2", 3, vec![1]),
    ] {
        let found: Vec<usize> = (0..count).filter(|i| range(text).contains(*i, count)).collect();
        assert_eq!(found, places, "{text}");
    }
}
