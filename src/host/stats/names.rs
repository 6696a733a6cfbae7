//! The names of the stats.
//!
//! Envoy's stats have names and no labels. Labels stand in the name as `KEY=.=VALUE;.;`, and the tag rules of Envoy's
//! bootstrap (`stats_tags`) extract them. Istio's own rules (`extraStatTags`) are for labels in this form.
//! `docs/metrics.md` lists all names.

/// A longer label is cut, in bytes.
const MOST_LABEL: usize = 128;

/// The label of what has no name in the policy. No name of a policy becomes this label, because parentheses are replaced.
pub(in crate::host) const UNNAMED: &str = "(none)";

/// A name: `postern.FAMILY.KEY=.=VALUE;.;…MEASURE`, which reads `postern_FAMILY_MEASURE{KEY="VALUE",…}` in the end. The
/// values are labels by [`label`], or words of our own.
pub(in crate::host) fn name(family: &str, labels: &[(&str, &str)], measure: &str) -> String {
    let mut name = String::with_capacity(64);
    name.push_str("postern.");
    name.push_str(family);
    name.push('.');
    for (key, value) in labels {
        for part in [key, "=.=", value, ";.;"] {
            name.push_str(part);
        }
    }
    name.push_str(measure);
    name
}

/// A name of the policy as a label: letters and digits of any script and `-_./|~@` stay, each other character becomes `_`; so
/// no name can look like another label. Names that differ only in such characters share their stats.
pub(in crate::host) fn label(text: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./|~@".contains(letter);
    let mut label = String::new();
    for letter in text.chars() {
        let letter = if plain(letter) { letter } else { '_' };
        if label.len().saturating_add(letter.len_utf8()) > MOST_LABEL {
            break;
        }
        label.push(letter);
    }
    if label.is_empty() {
        label.push('_');
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_labels_into_names() {
        assert_eq!(
            name(
                "decisions",
                &[("route", "orders"), ("reason", "x")],
                "total"
            ),
            "postern.decisions.route=.=orders;.;reason=.=x;.;total"
        );
        assert_eq!(name("policy", &[], "version"), "postern.policy.version");
    }

    #[test]
    fn replaces_the_syntax_of_names_in_labels() {
        for (text, expected) in [
            ("orders", "orders"),
            ("v1/orders.list", "v1/orders.list"),
            ("outbound|443||id.example", "outbound|443||id.example"),
            ("a;.;reason=.=b", "a_._reason_._b"),
            ("(none)", "_none_"),
            ("a b:c\"d\\", "a_b_c_d_"),
            ("注文", "注文"),
            ("a\nb", "a_b"),
            ("", "_"),
        ] {
            assert_eq!(label(text), expected);
        }
        assert_eq!(label(&"é".repeat(100)).len(), 128);
        assert_eq!(label(&format!("x{}", "é".repeat(100))).len(), 127);
    }
}
