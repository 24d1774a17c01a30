//! The table fault × rule: every fault of the catalogue, put on every right answer that it can
//! break, is noticed; and no faithful variant of a right answer is.

use std::collections::BTreeSet;
use std::fmt::Write;

use graphspec::binding::Bindings;
use graphspec::fault::{self, Context};
use graphspec::mock::{Mock, Options};
use graphspec::plan::{Plan, Planned, Selection, TargetKind};

use super::*;

/// The built-in suite's cases, and the mock's right answer to each.
fn answers() -> (Plan, Vec<(Planned, Response)>) {
    let pages = graphspec::page::read_all(&graphspec::suite::pages());
    let templates: Vec<(String, String)> = pages.iter().flat_map(|p| p.templates.clone()).collect();
    let cases: Vec<Arc<Case>> = pages.into_iter().flat_map(|p| p.cases).map(Arc::new).collect();
    let mock = Mock::new(&cases, &templates, Options::default());
    let selection = Selection {
        filters: Vec::new(),
        repeat: 1,
        kind: TargetKind::Mock,
        allow_writes: true,
        has_token: false,
        bindings: Bindings::default(),
        headers: Vec::new(),
    };
    let plan = Plan::new(&cases, selection);
    let answered = plan.cases.iter().filter(|p| p.skip.is_none()).map(|planned| {
        for setup in &planned.before {
            mock.answer(&plan.prepare(setup, &planned.case, 0).request);
        }
        (planned.clone(), mock.answer(&plan.prepare(&planned.case, &planned.case, 0).request))
    });
    let answered = answered.collect();
    (plan, answered)
}

fn verdict(planned: &Planned, response: Response) -> Verdict {
    let case = &planned.case;
    let request =
        Request { method: case.method.clone(), url: case.path.clone(), headers: Headers::default(), body: "".into() };
    let exchange = Exchange { request, outcome: Ok(response), attempts: 1, duration: Duration::ZERO };
    Judge::new(case).judge(&exchange, &Inverse::default(), &planned.state)
}

#[test]
fn no_fault_passes() {
    let (_plan, answers) = answers();
    let mut table = String::new();
    let mut silent = Vec::new();
    for fault in fault::all() {
        let mut rules: BTreeSet<&str> = BTreeSet::new();
        let mut broken = 0;
        for (planned, right) in &answers {
            let case = &planned.case;
            let dialect = case.law.as_ref().map(|l| &l.dialect).filter(|_| right.status < 300);
            let context = Context { method: &case.method, dialect, asked: case.items() };
            let Some(wrong) = fault.apply(right, &context) else { continue };
            // Where the page itself accepts another status too, an answer of that status may be right.
            let promise = case.promise().unwrap();
            let accepted = promise.status != Some(wrong.status) && promise.covers(wrong.status);
            let verdict = verdict(planned, wrong);
            if accepted && verdict.kind == Kind::Pass {
                continue;
            }
            broken += 1;
            if verdict.kind == Kind::Fail {
                rules.extend(fails(&verdict));
            } else {
                silent.push(format!("{} on {}", fault.name, case.id));
            }
        }
        assert!(broken > 0, "{} breaks no answer of the suite", fault.name);
        let rules: Vec<&str> = rules.into_iter().collect();
        writeln!(table, "{:26} {}", fault.name, rules.join(" ")).unwrap();
    }
    assert!(silent.is_empty(), "not noticed:\n{}", silent.join("\n"));
    insta::assert_snapshot!("fault_by_rule", table);
}

/// A right answer, odd in one way.
type Variant = fn(&mut Response, Option<&mut Value>);

fn each_object(value: &mut Value, change: &mut impl FnMut(&mut serde_json::Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each_object(item, change)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| each_object(member, change));
            change(members);
        }
        _ => {}
    }
}

fn list(body: &mut Value) -> Option<&mut Vec<Value>> {
    body.get_mut("value").and_then(Value::as_array_mut)
}

const VARIANTS: &[(&str, Variant)] = &[
    ("reversed order", |_, body| {
        body.and_then(list).into_iter().for_each(|items| items.reverse());
    }),
    ("members beyond the example", |_, body| {
        body.into_iter().for_each(|b| each_object(b, &mut |o| drop(o.insert("xtra".into(), json!([{"a": null}])))));
    }),
    ("annotations everywhere", |_, body| {
        body.into_iter().for_each(|b| each_object(b, &mut |o| drop(o.insert("@odata.etag".into(), json!("W/\"1\"")))));
    }),
    ("members in another order", |_, body| {
        body.into_iter().for_each(|b| each_object(b, &mut |o| *o = std::mem::take(o).into_iter().rev().collect()));
    }),
    ("upper-case ids", |_, body| {
        let items = body.and_then(list).into_iter().flatten();
        items.filter_map(|i| i.get_mut("id")).for_each(|id| {
            if let Some(text) = id.as_str().filter(|t| t.contains(',')) {
                *id = text.to_ascii_uppercase().into();
            }
        });
    }),
    ("error: null in successes", |_, body| {
        for item in body.and_then(list).into_iter().flatten() {
            if let Some(members) = item.as_object_mut() {
                members.entry("error").or_insert(Value::Null);
            }
        }
    }),
    ("no inner error", |_, body| {
        body.into_iter().for_each(|b| each_object(b, &mut |o| drop(o.remove("innerError"))));
    }),
    ("inner error in small letters", |_, body| {
        body.into_iter().for_each(|b| {
            each_object(b, &mut |o| {
                if let Some(inner) = o.remove("innerError") {
                    o.insert("innererror".into(), inner);
                }
            });
        });
    }),
    ("anything in the inner error", |_, body| {
        let odd = json!({"date": "2023-07-07T11:13:19", "code": 5, "message": null, "request-id": []});
        body.into_iter().for_each(|b| {
            each_object(b, &mut |o| {
                if o.contains_key("innerError") {
                    o.insert("innerError".into(), odd.clone());
                }
            });
        });
    }),
    ("other codes and messages", |_, body| {
        body.into_iter().for_each(|b| {
            each_object(b, &mut |o| {
                if let (true, Some(code)) = (o.contains_key("message"), o.get_mut("code")) {
                    *code = json!("somethingNew");
                }
            });
        });
    }),
    ("a context and a count", |_, body| {
        if let Some(members) = body.and_then(Value::as_object_mut).filter(|o| o.contains_key("value")) {
            members.insert("@odata.context".into(), json!("https://graph.microsoft.com/v1.0/$metadata#sites"));
            members.insert("@odata.count".into(), json!(2));
        }
    }),
    ("a label with parameters", |response, _| {
        if response.headers.get("content-type").is_some() {
            response.headers.set("content-type", "Application/JSON; odata.metadata=minimal; charset=UTF-8");
        }
    }),
    ("a +json label", |response, _| {
        if response.headers.get("content-type").is_some() {
            response.headers.set("content-type", "application/vnd.contoso+json");
        }
    }),
    ("headers beyond the example", |response, _| {
        response.headers.set("x-ms-ags-diagnostic", "{}");
        response.headers.set("retry-after", "1");
    }),
];

#[test]
fn no_faithful_variant_fails() {
    let (_plan, answers) = answers();
    for (planned, right) in &answers {
        assert_eq!(verdict(planned, right.clone()).deviations, [], "{}", planned.case.id);
        for (name, change) in VARIANTS {
            let mut response = right.clone();
            let mut body = serde_json::from_slice::<Value>(&response.body).ok();
            change(&mut response, body.as_mut());
            if let Some(body) = &body {
                // White space is free too.
                response.body = format!("\r\n {body:#}\n\t").into();
            }
            let verdict = verdict(planned, response);
            assert_eq!(fails(&verdict), Vec::<&str>::new(), "{name} on {}: {:#?}", planned.case.id, verdict.deviations);
        }
    }
}

#[test]
fn a_partial_answer_may_leave_out_all_successes_where_either_is_right() {
    let (_plan, answers) = answers();
    let (planned, right) = answers.iter().find(|(p, _)| p.case.id.as_str() == "follow-sites/follow-mixed/207").unwrap();
    let mut body: Value = serde_json::from_slice(&right.body).unwrap();
    list(&mut body).unwrap().retain(|item| item.get("error").is_some());
    assert_eq!(fails(&verdict(planned, answer(207, &body))), Vec::<&str>::new());
}
