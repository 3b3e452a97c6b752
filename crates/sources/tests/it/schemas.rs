//! GitHub's own description of every event and action: payloads are made by it, with all members and with the least that it allows.

use std::collections::{BTreeMap, BTreeSet};

use indelible_sources::Reading;
use serde_json::{Map, Value, json};

use crate::{
    packages::{schemas, skipped},
    support::{event, hook},
};

/// What makes a payload of a schema.
struct Maker<'s> {
    all: &'s Value,
    /// Whether members that may be left out are there.
    whole: bool,
}

impl<'s> Maker<'s> {
    fn resolved(&self, mut schema: &'s Value) -> &'s Value {
        while let Some(path) = schema["$ref"].as_str() {
            schema = self.all.pointer(path.trim_start_matches('#')).unwrap();
        }
        schema
    }

    /// The schemas that a payload may have one of.
    fn alternatives(&self, schema: &'s Value) -> Vec<&'s Value> {
        let schema = self.resolved(schema);
        let any = ["oneOf", "anyOf"].iter().find_map(|name| schema[name].as_array());
        match any {
            Some(any) if schema["properties"].is_null() => any.iter().flat_map(|one| self.alternatives(one)).collect(),
            _ => vec![schema],
        }
    }

    fn value(&self, schema: &'s Value, levels: usize) -> Value {
        let schema = self.alternatives(schema)[0];
        if let Some(values) = schema["enum"].as_array() {
            return values[0].clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds
                .iter()
                .find_map(|kind| kind.as_str().filter(|kind| *kind != "null")),
            kind => kind.as_str(),
        };
        match kind {
            Some("integer" | "number") => json!(7),
            Some("boolean") => json!(true),
            Some("array") => json!([]),
            Some("string") if schema["format"] == "date-time" => json!("2024-02-03T04:05:06Z"),
            Some("string") => json!("text"),
            _ if levels == 0 => json!({}),
            _ => self.object(schema, levels),
        }
    }

    fn object(&self, schema: &'s Value, levels: usize) -> Value {
        let required: Vec<_> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let properties = schema["properties"].as_object().into_iter().flatten();
        let members = properties.filter(|(name, _)| self.whole || required.contains(&name.as_str()));
        members
            .map(|(name, schema)| (name.clone(), self.value(schema, levels - 1)))
            .collect::<Map<_, _>>()
            .into()
    }
}

/// Types for which the schemas demand less than every payload has: all of `alert`, `hook` and `environment` is optional there.
const LOOSE: [&str; 4] = [
    "deployment_protection_rule",
    "ping",
    "secret_scanning_alert",
    "secret_scanning_alert_location",
];

/// Whom every payload is about: the schemas' own text would be somebody else in each place.
fn of_acme(payload: &mut Value) {
    for (path, name) in [
        ("/repository/full_name", "acme/web"),
        ("/organization/login", "acme"),
        ("/installation/account/login", "acme"),
        ("/enterprise/slug", "acme"),
    ] {
        if let Some(value) = payload.pointer_mut(path) {
            *value = name.into();
        }
    }
}

#[test]
fn every_event_that_github_describes_is_recognised_under_any_name() {
    let Some(all) = schemas() else { return skipped() };
    let source = hook(["acme", "enterprise:acme"]);
    let webhooks = all["webhooks"].as_object().or(all["x-webhooks"].as_object()).unwrap();
    let mut seen = BTreeSet::new();
    let mut missed = BTreeMap::new();
    let mut sent = 0;
    for webhook in webhooks.values() {
        let name = webhook["post"]["operationId"]
            .as_str()
            .unwrap()
            .split('/')
            .next()
            .unwrap()
            .replace('-', "_");
        let schema = &webhook["post"]["requestBody"]["content"]["application/json"]["schema"];
        let loose = LOOSE.contains(&&*name);
        for whole in [true, false].into_iter().filter(|whole| *whole || !loose) {
            let maker = Maker { all, whole };
            for schema in maker.alternatives(schema) {
                let mut payload = maker.object(schema, 6);
                of_acme(&mut payload);
                if name == "organization" {
                    // The schemas let any event have one; then `deleted` and `renamed` would be those of a repository.
                    payload.as_object_mut().unwrap().remove("repository");
                }
                let action = payload["action"].as_str().map(|action| format!(".{action}"));
                let expected = format!("{name}{}", action.unwrap_or_default());
                for header in [&*name, "push", "brand_new", ""] {
                    let event = event(&source, header, payload.to_string().as_bytes());
                    let found = event.claims.action.unwrap().name;
                    if (&found, event.reading) != (&expected, Reading::Recognised) {
                        missed.insert(format!("{expected} whole={whole} as {header:?}"), found);
                    }
                    sent += 1;
                }
                seen.insert(expected);
            }
        }
        seen.insert(name);
    }
    println!("{sent} deliveries of {} events and actions", seen.len());
    assert!(seen.len() > 250, "{}", seen.len());
    assert!(missed.is_empty(), "{missed:#?}");
}
