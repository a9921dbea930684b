//! The shape of the generated tables: which operations a cloud has and which fields each takes.
//!
//! The tables themselves are in [`crate::generated`]; what is checked against them is in [`crate::rules`].

/// One operation of a cloud's API.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The vendor's name, also the action's name where there is one.
    pub(crate) name: &'static str,
    /// The HTTP method. Clouds with one path take an action with `GET` or `POST`, whatever stands here.
    pub(crate) method: &'static str,
    /// The path with its parameters in braces.
    pub(crate) path: &'static str,
    /// The fields of the request, whatever part of it carries them.
    pub(crate) fields: &'static [Field],
}

/// One field of a request.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    /// The closed list of values; empty when any value is taken.
    pub(crate) values: &'static [&'static str],
}

/// A field that may be left out and takes any value of its type.
pub(crate) const fn field(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: false,
        values: &[],
    }
}

impl Field {
    /// The same, but not to be left out.
    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, but for these values only.
    pub(crate) const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.values = values;
        self
    }
}

/// The type of a field. Some kinds occur only in some versions of the tables.
#[derive(Debug)]
#[allow(dead_code, reason = "which kinds occur depends on the generated tables")]
pub(crate) enum Kind {
    Text,
    Integer,
    Float,
    Bool,
    Any,
    List(&'static Kind),
    Object(&'static [Field]),
}

/// A path's parameters, `(name, value)` in the order of the template.
pub(crate) type PathParameters = Vec<(&'static str, String)>;

/// The operation with this name.
pub(crate) fn named(table: &'static [Operation], name: &str) -> Option<&'static Operation> {
    table.iter().find(|operation| operation.name == name)
}

/// The operation that a method and a decoded path lead to. A path without parameters wins over one with parameters.
pub(crate) fn routed(
    table: &'static [Operation],
    method: &str,
    path: &str,
) -> Option<(&'static Operation, PathParameters)> {
    table
        .iter()
        .filter(|operation| operation.method == method)
        .filter_map(|operation| Some((operation, matched(operation.path, path)?)))
        .min_by_key(|(_, parameters)| parameters.len())
}

fn matched(template: &'static str, path: &str) -> Option<PathParameters> {
    let mut parameters = Vec::new();
    let mut pieces = path.split('/');
    for wanted in template.split('/') {
        let piece = pieces.next()?;
        match parameter(wanted) {
            Some((name, action)) => {
                let value = piece.strip_suffix(action)?;
                if value.is_empty() || value.contains(':') {
                    return None;
                }
                parameters.push((name, value.to_owned()));
            }
            None if wanted == piece => {}
            None => return None,
        }
    }
    pieces.next().is_none().then_some(parameters)
}

/// The name of a parameter, and the action behind it as in `{id}:rename`, if any.
fn parameter(piece: &'static str) -> Option<(&'static str, &'static str)> {
    piece.strip_prefix('{')?.split_once('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: &[Operation] = &[
        Operation {
            name: "show",
            method: "GET",
            path: "/v1/{project_id}/jobs/{job_id}",
            fields: &[],
        },
        Operation {
            name: "progress",
            method: "GET",
            path: "/v1/cloudimages/job/{job_id}",
            fields: &[],
        },
        Operation {
            name: "quota",
            method: "GET",
            path: "/v1/cloudimages/quota",
            fields: &[],
        },
        Operation {
            name: "any",
            method: "GET",
            path: "/v1/cloudimages/{image_id}",
            fields: &[],
        },
        Operation {
            name: "rename",
            method: "GET",
            path: "/v1/cloudimages/{image_id}:rename",
            fields: &[],
        },
    ];

    #[test]
    fn a_path_leads_to_its_operation_and_parameters() {
        let (operation, parameters) = routed(TABLE, "GET", "/v1/p1/jobs/j1").unwrap();
        assert_eq!(operation.name, "show");
        assert_eq!(
            parameters,
            [("project_id", "p1".to_owned()), ("job_id", "j1".to_owned())]
        );
        assert_eq!(routed(TABLE, "GET", "/v1/cloudimages/quota").unwrap().0.name, "quota");
        assert_eq!(routed(TABLE, "GET", "/v1/cloudimages/x").unwrap().0.name, "any");
        let (operation, parameters) = routed(TABLE, "GET", "/v1/cloudimages/x:rename").unwrap();
        assert_eq!(
            (operation.name, parameters),
            ("rename", vec![("image_id", "x".to_owned())])
        );
        for nothing in [
            "/v1/cloudimages/x:other",
            "/v1/cloudimages/:rename",
            "/v1/cloudimages/x:y:rename",
        ] {
            assert!(routed(TABLE, "GET", nothing).is_none(), "{nothing}");
        }
        assert!(routed(TABLE, "POST", "/v1/p1/jobs/j1").is_none());
        assert!(routed(TABLE, "GET", "/v1/p1/jobs").is_none());
        assert!(routed(TABLE, "GET", "/v1//jobs/j1").is_none());
        assert!(routed(TABLE, "GET", "/v1/p1/jobs/j1/").is_none());
    }
}
