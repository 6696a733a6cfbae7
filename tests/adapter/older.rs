//! A config centre that has an older document than before, or none any more.

use std::time::Duration;

use postern::host::fake::{FakeVm, World};

use crate::support::{NOW, sound};

const POLICY: &str = r#"{
  "sources": {"doc": {"etcd": {"cluster": "centre", "key": "a"}, "refresh": "5s"}},
  "routes": [{"name": "r", "match": [{"path": {"prefix": "/"}}], "require": "none",
     "lookup": {"p": {"source": "doc", "values": {"tier": "$.tier"}}}}]
}"#;

/// Answers with a document of this state: the revision of the key, and that of the store.
fn answer(vm: &FakeVm, newest: u32, revision: u32, value: &str) {
    let header = format!(r#""header":{{"cluster_id":"7","revision":"{revision}"}}"#);
    let key = format!(r#""key":"YQ==","mod_revision":"{newest}","value":"{value}""#);
    let body = format!(r#"{{{header},"kvs":[{{{key}}}],"count":"1"}}"#);
    while let Some(callout) = vm.callouts().pop() {
        vm.reply_status(callout.token, 200, body.as_bytes());
    }
}

fn lines(vm: &FakeVm, event: &str) -> usize {
    let host = vm.host();
    let told = host.logs.iter().filter(|(_, line)| line.contains(event));
    told.count()
}

#[test]
fn takes_an_older_document_and_tells_it_once() {
    let world = World::at(NOW);
    let vms = [FakeVm::new(&world, 1), FakeVm::new(&world, 2)];
    let roots = vms.each_ref().map(|vm| {
        let root = vm.root();
        assert!(
            vm.configure(root, POLICY.as_bytes()),
            "{:?}",
            vm.host().logs
        );
        root
    });
    let round = |newest, revision, value| {
        for _ in 0..8 {
            for (vm, root) in vms.iter().zip(roots) {
                vm.tick(root);
                answer(vm, newest, revision, value);
            }
            world.pass(Duration::from_secs(1));
        }
    };
    let older = || {
        let name = "postern.source_older_documents.source=.=doc;.;total";
        let told = vms.iter().map(|vm| lines(vm, "event=source_went_back"));
        let loaded = vms.each_ref().map(|vm| lines(vm, "event=source_loaded"));
        let counted = world.stats().get(name).copied().unwrap_or_default();
        (counted, told.sum(), loaded)
    };
    round(5, 9, "eyJ0aWVyIjoxfQ==");
    assert_eq!(older(), (0, 0, [1, 1]));
    round(6, 11, "eyJ0aWVyIjoyfQ==");
    assert_eq!(older(), (0, 0, [2, 2]));
    round(5, 9, "eyJ0aWVyIjoxfQ==");
    assert_eq!(older(), (1, 1, [3, 3]));
    // The same document in an older store changes nothing.
    round(5, 7, "eyJ0aWVyIjoxfQ==");
    assert_eq!(older(), (1, 1, [3, 3]));
    vms.iter().for_each(sound);
}

#[test]
fn a_deleted_document_has_a_reason_of_its_own() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    assert!(
        vm.configure(root, POLICY.as_bytes()),
        "{:?}",
        vm.host().logs
    );
    vm.tick(root);
    answer(&vm, 5, 9, "eyJ0aWVyIjoxfQ==");
    for _ in 0..3 {
        world.pass(Duration::from_secs(6));
        vm.tick(root);
        if let Some(callout) = vm.callouts().pop() {
            let body = br#"{"header":{"cluster_id":"7","revision":"10"}}"#;
            vm.reply_status(callout.token, 200, body);
        }
    }
    let stats = world.stats();
    let name = "postern.source_failures.source=.=doc;.;reason=.=missing;.;total";
    assert!(
        stats.get(name).is_some_and(|count| *count >= 2),
        "{stats:?}"
    );
    assert_eq!(stats.get("postern.source.source=.=doc;.;usable"), Some(&1));
    let told = "error=\"there is no such document: it was deleted, or its name is wrong\"";
    assert_eq!(lines(&vm, told), 1);
    sound(&vm);
}
