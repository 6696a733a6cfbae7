//! Several threads with one compiled policy, as a driver in native code has them.

use std::sync::Arc;
use std::thread;

use postern::host::fake::{FakeVm, RequestOutcome, World};
use postern::policy::{Fingerprint, Policy};

use crate::support::{NOW, SMALL, answered, get, sound};

#[test]
fn threads_decide_by_one_compiled_policy() {
    let policy = Policy::read(&SMALL.as_bytes(), &|_: &str| None).expect("it is valid");
    let policy = Arc::new(policy);
    let threads = [1, 2].map(|name| {
        let policy = Arc::clone(&policy);
        thread::spawn(move || {
            let vm = FakeVm::native(&World::at(NOW), name);
            let root = vm.root();
            let fingerprint = Fingerprint::of(SMALL.as_bytes());
            assert!(vm.share(root, &policy, fingerprint));
            let denied = vm.request(vm.stream(root), &get("/closed"));
            assert_eq!(answered(&denied).0, 401);
            let mut headers = get("/closed");
            headers.push(("x-api-key", "k-1".to_owned()));
            let forwarded = vm.request(vm.stream(root), &headers);
            assert!(matches!(forwarded, RequestOutcome::Forwarded(_)));
            sound(&vm);
        })
    });
    for thread in threads {
        thread.join().expect("no assertion failed");
    }
}
