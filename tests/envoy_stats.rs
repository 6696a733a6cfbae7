//! The filter's metrics, and its properties in the access log, in a real Envoy with the rules of `envoy/bootstrap.yaml`.
#![cfg(feature = "envoy-tests")]

#[path = "support/centre.rs"]
#[cfg(test)]
mod centre;
#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod envoy;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "support/plan.rs"]
#[cfg(test)]
mod plan;
#[path = "support/servers.rs"]
#[cfg(test)]
mod servers;
#[path = "support/wait.rs"]
#[cfg(test)]
mod wait;

#[cfg(test)]
mod checks {
    use std::collections::BTreeMap;
    use std::fs;
    use std::net::SocketAddr;
    use std::time::Duration;

    use crate::centre::{Centre, Reply};
    use crate::envoy::Envoy;
    use crate::http1::get;
    use crate::plan::Plan;
    use crate::servers::Upstreams;
    use crate::wait::{ensure, pause, wait_for};

    const POLICY: &str = r#"{
  "accessLog": {"properties": ["consumer", "route", "policy", "reason"]},
  "minVersion": "0.1",
  "consumers": [{"name": "app", "credentials": [{"apiKey": {"value": "k-1"}}]}],
  "consumersFrom": [{"source": "partners", "items": "$.consumers[*]"}],
  "providers": {"keys": {"apiKey": {"from": [{"header": "x-api-key"}]}}},
  "sources": {
    "partners": {"http": {"cluster": "centre", "authority": "centre.test", "path": "/partners.json"}, "refresh": "300ms"},
    "gone": {"http": {"cluster": "centre", "authority": "centre.test", "path": "/gone.json"}, "refresh": "1m"},
    "profile": {"http": {"cluster": "centre", "authority": "centre.test", "path": "/profiles/${key}", "timeout": "500ms"}, "onDemand": {"ttl": "1m"}}
  },
  "routes": [
    {"name": "open", "match": [{"path": {"prefix": "/open"}}], "require": "none"},
    {"name": "closed/v1.x 注文", "match": [{"path": {"prefix": "/closed"}}], "require": "keys"},
    {"name": "moved", "match": [{"path": {"prefix": "/moved"}}], "require": "none", "redirect": {"path": {"prefix": "/open"}}},
    {"name": "lenient", "match": [{"path": {"prefix": "/lenient"}}], "require": "none",
     "lookup": {"l": {"source": "gone", "values": {"x": "$.x"}, "onFailure": {"default": {"x": 1}}}}},
    {"name": "user", "match": [{"path": {"template": "/user/{name}"}}], "require": "none",
     "lookup": {"p": {"source": "profile", "key": "${path.name}", "values": {"x": "$.x"}}}}
  ]
}"#;

    const PARTNERS: &[u8] =
        br#"{"consumers": [{"name": "partner", "credentials": [{"apiKey": {"value": "p-1"}}]}, {}]}"#;

    const USABLE: &str = r#"postern_source_usable{source="partners"}"#;

    /// Path, header lines, number of requests, status, [route, outcome, reason], the provider's result.
    type Row<'a> = (&'a str, &'a str, usize, u16, [&'a str; 3], &'a str);

    const CLOSED: &str = "closed/v1.x_注文";

    const ROWS: &[Row<'_>] = &[
        ("/open/1", "", 31, 200, ["open", "forwarded", "none"], ""),
        (
            "/closed",
            "",
            11,
            401,
            [CLOSED, "denied", "missing_credential"],
            "absent",
        ),
        (
            "/closed",
            "x-api-key: k-1\r\n",
            23,
            200,
            [CLOSED, "forwarded", "none"],
            "accepted",
        ),
        (
            "/closed",
            "x-api-key: p-1\r\n",
            5,
            200,
            [CLOSED, "forwarded", "none"],
            "accepted",
        ),
        (
            "/closed",
            "x-api-key: guess\r\n",
            7,
            401,
            [CLOSED, "denied", "invalid_credential"],
            "rejected",
        ),
        (
            "/closed",
            "x-api-key: k-1\r\nx-api-key: k-1\r\n",
            2,
            401,
            [CLOSED, "denied", "repeated_credential"],
            "rejected",
        ),
        ("/moved/1", "", 3, 302, ["moved", "answered", "none"], ""),
        ("/lenient", "", 4, 200, ["lenient", "forwarded", "none"], ""),
        ("/user/ann", "", 9, 200, ["user", "forwarded", "none"], ""),
        (
            "/user/eve",
            "",
            1,
            503,
            ["user", "denied", "lookup_failed"],
            "",
        ),
        ("/nowhere", "", 6, 404, ["(none)", "answered", "none"], ""),
        (
            "/a%2Fb",
            "",
            1,
            400,
            ["(none)", "denied", "ambiguous_path"],
            "",
        ),
    ];

    /// The metrics of `/stats/prometheus`: each name with its sorted labels, and the value.
    type Stats = BTreeMap<String, f64>;

    fn stats(admin: SocketAddr) -> Stats {
        let page = get(admin, "/stats/prometheus", "").expect("the admin answers");
        let page = String::from_utf8(page.body).expect("it is text");
        let read = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            let (name, labels) = name.strip_suffix('}')?.split_once('{')?;
            let mut labels: Vec<_> = labels
                .split(',')
                .filter(|label| !label.is_empty())
                .collect();
            labels.sort_unstable();
            let name = format!("{name}{{{}}}", labels.join(","));
            Some((name, value.parse().ok()?))
        };
        let own = |line: &&str| line.starts_with("postern_");
        page.lines().filter(own).filter_map(read).collect()
    }

    fn family<'s>(stats: &'s Stats, name: &str) -> BTreeMap<&'s str, f64> {
        let start = format!("{name}{{");
        let own = stats.iter().filter(|(name, _)| name.starts_with(&start));
        own.map(|(name, value)| (name.as_str(), *value)).collect()
    }

    /// Waits until the condition holds for the stats.
    fn until(admin: SocketAddr, what: &str, holds: impl Fn(&Stats) -> bool) {
        wait_for(Duration::from_secs(15), || {
            let now = stats(admin);
            let error = || format!("does not hold: {what}: {now:#?}");
            ensure(holds(&now), error)
        });
    }

    /// The metrics after the requests of all rows.
    fn expected() -> Stats {
        let mut expected = Stats::new();
        for (_, _, times, _, [route, outcome, reason], verdict) in ROWS {
            let times = f64::from(u32::try_from(*times).expect("few"));
            let labels = format!(r#"outcome="{outcome}",reason="{reason}",route="{route}""#);
            *expected
                .entry(format!("postern_decisions_total{{{labels}}}"))
                .or_default() += times;
            if !verdict.is_empty() {
                let why = match *verdict {
                    "rejected" => reason,
                    _ => "none",
                };
                let labels = format!(r#"outcome="{verdict}",provider="keys",reason="{why}""#);
                *expected
                    .entry(format!("postern_authentications_total{{{labels}}}"))
                    .or_default() += times;
            }
        }
        expected
    }

    #[test]
    fn prometheus_metrics_count_what_was_done() {
        let upstreams = Upstreams::start(&["default"], &[("content-length", "0")]);
        let centre = Centre::start();
        centre.set("centre.test", "/partners.json", Reply::ok(PARTNERS));
        centre.set("centre.test", "/gone.json", Reply::Down);
        centre.set("centre.test", "/profiles/ann", Reply::ok(br#"{"x": 1}"#));
        centre.set("centre.test", "/profiles/eve", Reply::Silent);
        let mut clusters = upstreams.addresses.clone();
        clusters.push(("centre".into(), centre.address));
        let plan = Plan {
            name: "envoy-stats".into(),
            policies: vec![("gate".into(), POLICY.into())],
            clusters,
            workers: 2,
            ..Plan::default()
        };
        let envoy = plan.start().unwrap_or_else(|error| panic!("{error}"));
        let address = envoy.listener("gate").expect("a listener");
        until(envoy.admin, "the document", |stats| {
            stats.get(USABLE) == Some(&1.0)
        });
        // Then every VM has it.
        pause(Duration::from_millis(500));
        for (path, fields, times, status, ..) in ROWS {
            for _ in 0..*times {
                let answer = get(address, path, fields).expect("Envoy answers");
                assert_eq!(answer.status(), *status, "{path} {fields}");
            }
        }
        let total: usize = ROWS.iter().map(|row| row.2).sum();
        let total = f64::from(u32::try_from(total).expect("few"));
        let sum = |stats: &Stats| {
            family(stats, "postern_decisions_total")
                .values()
                .sum::<f64>()
        };
        until(envoy.admin, "all decisions", |stats| sum(stats) >= total);
        // The counters do not change afterwards.
        pause(Duration::from_millis(1500));
        let now = stats(envoy.admin);
        let expected = expected();
        for name in ["postern_decisions_total", "postern_authentications_total"] {
            assert_eq!(family(&now, name), family(&expected, name));
        }
        check_gauges(&now);
        check_on_demand(&now, &centre.asked("centre.test"));
        let forwarded = ROWS.iter().filter(|row| row.4[1] == "forwarded");
        let forwarded: usize = forwarded.map(|row| row.2).sum();
        assert_eq!(upstreams.received().len(), forwarded);
        check_versions(&envoy, &now);
        check_documentation(&now);
        check_access_log(&envoy);
        assert_eq!(envoy.traps(), Vec::<String>::new());
    }

    /// Checks single metrics.
    fn check_gauges(now: &Stats) {
        let value = |name: &str| now.get(name).copied();
        for (name, wanted) in [
            (
                r#"postern_fallbacks_total{lookup="l",route="lenient"}"#,
                4.0,
            ),
            (USABLE, 1.0),
            (r#"postern_source_configured{source="partners"}"#, 1.0),
            (r#"postern_source_consumers{source="partners"}"#, 1.0),
            (r#"postern_source_usable{source="gone"}"#, 0.0),
            (r#"postern_source_in_flight{source="profile"}"#, 0.0),
            ("postern_policy_refused_total{}", 0.0),
        ] {
            assert_eq!(value(name), Some(wanted), "{name}: {now:#?}");
        }
        let bytes = value(r#"postern_source_bytes{source="partners"}"#);
        assert_eq!(bytes, u32::try_from(PARTNERS.len()).ok().map(f64::from));
        let age = value(r#"postern_source_age_seconds{source="partners"}"#);
        assert!(age.is_some_and(|age| age <= 2.0), "{age:?}");
    }

    /// Checks the metrics of the on-demand source. Each worker that remembers the document has fetched it once, and one
    /// worker has fetched the document that never comes.
    fn check_on_demand(now: &Stats, asked: &[String]) {
        let value = |name: &str| now.get(name).copied().unwrap_or_default();
        let remembered = value(r#"postern_source_remembered_documents{source="profile"}"#);
        assert!((1.0..=2.0).contains(&remembered), "{remembered}");
        let answers = |outcome: &str| {
            let labels = format!(r#"outcome="{outcome}",source="profile""#);
            value(&format!("postern_source_answers_total{{{labels}}}"))
        };
        let whole = |value: f64| format!("{value:.0}");
        assert_eq!(whole(answers("miss")), whole(remembered + 1.0));
        assert_eq!(whole(answers("hit") + answers("miss")), "10");
        let fetches = value(r#"postern_source_fetches_total{source="profile"}"#);
        let own = asked.iter().filter(|path| path.starts_with("/profiles/"));
        assert_eq!(whole(fetches), own.count().to_string());
        let failed = |reason: &str, source: &str| {
            let labels = format!(r#"reason="{reason}",source="{source}""#);
            value(&format!("postern_source_failures_total{{{labels}}}"))
        };
        assert_eq!(whole(failed("unreached", "profile")), "1");
        let failures = failed("unreached", "gone");
        assert!(failures >= 1.0, "{failures}");
        let callouts = |outcome: &str| {
            let labels = format!(r#"cluster="centre",outcome="{outcome}""#);
            value(&format!("postern_callouts_total{{{labels}}}"))
        };
        // Envoy itself answers the callout that gets no answer.
        let (came, not) = (callouts("answered"), callouts("unanswered"));
        assert_eq!(whole(not), whole(failures + 1.0));
        assert!(came + not >= fetches + failures, "{came}");
    }

    /// Checks that log, metrics and access log have the same version of the policy, and the module's version.
    fn check_versions(envoy: &Envoy, now: &Stats) {
        let log = envoy.log();
        let word = |key: &str| {
            let after = log.split(key).nth(1).unwrap_or_default();
            after
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let policy = word(" policy=");
        let number = u64::from_str_radix(&policy, 16).expect("hexadecimal");
        let gauge = now["postern_policy_version{}"];
        assert_eq!(format!("{gauge:.0}"), number.to_string());
        let info = family(now, "postern_build_info");
        let version = format!(r#"version="{}""#, env!("CARGO_PKG_VERSION"));
        assert_eq!(info.len(), 1, "{info:?}");
        assert!(info.keys().all(|name| name.contains(&version)), "{info:?}");
        assert!(access_log(envoy).contains(&format!("policy={policy}")));
    }

    /// Checks that every metric is documented with its labels, and that each label has a rule in Envoy's bootstrap.
    fn check_documentation(now: &Stats) {
        let page = include_str!("../docs/metrics.md");
        for name in now.keys() {
            let (name, labels) = name.split_once('{').expect("braces");
            assert!(page.contains(&format!("| `{name}` |")), "{name}");
            assert!(!name.contains('='), "a label without a rule: {name}");
            let row = page
                .lines()
                .find(|line| line.starts_with(&format!("| `{name}` |")));
            for label in labels.split(',').filter_map(|label| label.split_once('=')) {
                let known = row.is_some_and(|row| row.contains(&format!("`{}`", label.0)));
                assert!(known, "{name} has a label `{}`", label.0);
            }
        }
        // The page has the same rules as this Envoy.
        for rule in include_str!("../envoy/bootstrap.yaml").lines() {
            if let Some((_, regex)) = rule.split_once("regex: ") {
                assert!(page.contains(regex.trim_end_matches('}')), "{rule}");
            }
        }
    }

    /// The access log so far.
    fn access_log(envoy: &Envoy) -> String {
        let log = fs::read(envoy.folder.join("access.log"));
        String::from_utf8_lossy(&log.unwrap_or_default()).into_owned()
    }

    /// Checks consumer, route and reason in the access log.
    fn check_access_log(envoy: &Envoy) {
        pause(Duration::from_millis(300));
        let log = access_log(envoy);
        for (wanted, times) in [
            ("200 via_upstream consumer=app route=closed/v1.x 注文 ", 23),
            (
                "200 via_upstream consumer=partner route=closed/v1.x 注文 ",
                5,
            ),
            (
                "401 postern_missing_credential consumer=- route=closed/v1.x 注文 ",
                11,
            ),
            (" reason=invalid_credential", 7),
            ("404 postern_no_route consumer=- route=- ", 6),
            ("400 postern_ambiguous_path consumer=- route=- ", 1),
            ("200 via_upstream consumer=- route=user ", 9),
        ] {
            let lines = log.lines().filter(|line| line.contains(wanted));
            assert_eq!(lines.count(), times, "{wanted}: {log}");
        }
    }
}
