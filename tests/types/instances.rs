//! The law of a type: what it allows passes, what it forbids does not, and a document that is
//! printed says the same as the judge.

use std::collections::HashMap;
use std::sync::OnceLock;

use graphspec::csdl::{Edm, Kind, Model, Property, Target, TypeId, TypeUse};
use graphspec::schema::{self, Numbers, Types};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{graph, judge, library};

/// Chance, from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most.max(1)
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

fn edm(of: Edm, dice: &mut Dice) -> Value {
    match of {
        Edm::Binary => dice.pick(&[json!("QUI="), json!("_-8"), json!("")]),
        Edm::Boolean => dice.pick(&[json!(true), json!(false)]),
        Edm::Byte => json!(dice.below(256)),
        Edm::SByte | Edm::Int16 | Edm::Int32 | Edm::Int64 => dice.pick(&[json!(0), json!(-128), json!(127)]),
        Edm::Date => json!("2024-02-29"),
        Edm::DateTimeOffset => dice.pick(&[json!("2021-03-14T15:09:26.5Z"), json!("2021-03-14T15:09-08:00")]),
        Edm::Decimal => json!(1.25),
        Edm::Double | Edm::Single => dice.pick(&[json!(-0.5), json!(7), json!("INF"), json!("NaN")]),
        Edm::Duration => dice.pick(&[json!("PT30M"), json!("-P1DT0.5S")]),
        Edm::Guid => json!("0271110f-634f-4300-a841-3a8a2e851851"),
        Edm::String => dice.pick(&[json!(""), json!("a"), json!("2021")]),
        Edm::TimeOfDay => json!("23:59:59.999"),
        Edm::Geo | Edm::Structured => json!({}),
        Edm::Primitive => json!(1),
        Edm::Stream | Edm::Untyped => dice.pick(&[json!(null), json!([1]), json!("x")]),
    }
}

fn value(model: &Model, of: Target, dice: &mut Dice, depth: usize) -> Value {
    let id = match of {
        Target::Edm(of) => return edm(of, dice),
        Target::Missing(_) => return json!({"any": 1}),
        Target::Declared(id) => id,
    };
    match &model.type_of(id).kind {
        Kind::Enum(members, _) if members.is_empty() => json!("anything"),
        Kind::Enum(members, false) => json!(&*dice.pick(members)),
        Kind::Enum(members, true) => json!(format!("{},{}", dice.pick(members), dice.pick(members))),
        Kind::Definition(of) => edm(*of, dice),
        _ => object(model, id, dice, depth),
    }
}

/// An object of a type, or of one derived from it.
fn object(model: &Model, id: TypeId, dice: &mut Dice, depth: usize) -> Value {
    let derived = model.derived(id);
    let says = !derived.is_empty() && dice.below(2) == 0;
    let id = if says { dice.pick(&derived) } else { id };
    let mut members = Map::new();
    if says || dice.below(4) == 0 {
        let name = &model.type_of(id).name;
        let spellings = [json!(format!("#{name}")), json!(&**name), json!(format!("https://x/v1.0/$metadata#{name}"))];
        members.insert(dice.pick(&["@odata.type", "@type"]).into(), dice.pick(&spellings));
    }
    for (_, property) in model.members(id) {
        if dice.below(3) == 0 && (depth > 0 || !leads_on(model, property)) {
            members.insert(property.name.to_string(), member(model, property, dice, depth));
        }
    }
    if model.type_of(id).open && dice.below(2) == 0 {
        members.insert("somethingNew".into(), json!({"x": [null]}));
    }
    if dice.below(3) == 0 {
        members.insert("@odata.etag".into(), json!("W/1"));
    }
    Value::Object(members)
}

fn leads_on(model: &Model, property: &Property) -> bool {
    property.type_use.declared().is_some_and(|id| matches!(model.type_of(id).kind, Kind::Entity | Kind::Complex))
}

fn member(model: &Model, property: &Property, dice: &mut Dice, depth: usize) -> Value {
    let TypeUse { of, collection } = property.type_use;
    if collection {
        let count = dice.below(3);
        return (0..count).map(|_| value(model, of, dice, depth.saturating_sub(1))).collect();
    }
    if property.nullable != Some(false) && dice.below(5) == 0 {
        return Value::Null;
    }
    value(model, of, dice, depth.saturating_sub(1))
}

/// Members that say something: those of a type that is judged at all.
fn judged(model: &Model, id: TypeId) -> Vec<&Property> {
    let free = |property: &Property| match property.type_use.of {
        Target::Edm(of) => matches!(of, Edm::Stream | Edm::Untyped) && !property.type_use.collection,
        Target::Missing(_) => !property.type_use.collection,
        Target::Declared(id) => model.type_of(id).name.ends_with(".Json"),
    };
    let inner = |property: &Property| property.name.eq_ignore_ascii_case("innererror");
    model.members(id).map(|(_, property)| property).filter(|p| !free(p) && !inner(p)).collect()
}

/// A value that a member never has.
fn forbidden(model: &Model, property: &Property, dice: &mut Dice) -> Value {
    let TypeUse { of, collection } = property.type_use;
    let mut choices = if collection { vec![json!({}), json!("x"), json!(null), json!([[]])] } else { vec![json!([])] };
    if property.nullable == Some(false) {
        choices.push(if collection && !property.navigation { json!([null]) } else { json!(null) });
    }
    let mut one: Vec<Value> = match of {
        Target::Edm(Edm::String) => vec![json!(1), json!(true), json!({})],
        Target::Edm(Edm::Boolean) => vec![json!("true"), json!(0)],
        Target::Edm(Edm::Byte | Edm::SByte) => vec![json!(256), json!("1"), json!(0.5)],
        Target::Edm(Edm::Int16 | Edm::Int32 | Edm::Int64) => vec![json!(1e30), json!("1"), json!(0.5)],
        Target::Edm(Edm::Decimal | Edm::Double | Edm::Single) => vec![json!("1"), json!({}), json!("inf")],
        Target::Edm(Edm::Primitive) => vec![json!({})],
        Target::Edm(Edm::Geo | Edm::Structured) => vec![json!("x")],
        Target::Edm(Edm::Stream | Edm::Untyped) | Target::Missing(_) => vec![],
        Target::Edm(_) => vec![json!("no such form"), json!(1)],
        Target::Declared(id) => match &model.type_of(id).kind {
            Kind::Enum(members, _) if members.is_empty() => vec![json!(1)],
            Kind::Enum(..) => vec![json!("noSuchMember"), json!(0), json!("a,b")],
            Kind::Definition(_) => vec![json!({})],
            _ => vec![json!("x"), json!(1), json!({"@odata.type": "#no.such.type"})],
        },
    };
    if collection {
        one = one.into_iter().map(|value| json!([value])).collect();
        // A list of things that anything may be is any list.
        if matches!(of, Target::Edm(Edm::Stream | Edm::Untyped) | Target::Missing(_)) {
            choices.retain(|value| !value.is_array());
        }
    }
    choices.extend(one);
    dice.pick(&choices)
}

fn structured(model: &Model) -> Vec<TypeId> {
    let is = |id: &TypeId| matches!(model.type_of(*id).kind, Kind::Entity | Kind::Complex);
    model.types().filter(is).filter(|id| !model.type_of(*id).name.ends_with(".Json")).collect()
}

/// What the printed documents of the made-up service say.
fn documented(name: &str, body: &Value) -> bool {
    static DOCUMENTS: OnceLock<HashMap<String, jsonschema::Validator>> = OnceLock::new();
    let documents = DOCUMENTS.get_or_init(|| {
        let model = library();
        let of = |id: TypeId| {
            let use_of = TypeUse { of: Target::Declared(id), collection: false };
            let document = schema::document(&model, use_of, Numbers::Json, true).unwrap();
            (model.type_of(id).name.to_string(), jsonschema::draft202012::new(&document).unwrap())
        };
        structured(&model).into_iter().map(of).collect()
    });
    documents[name].is_valid(body)
}

/// One instance of a type of `model`, then one change that OData allows and one that it forbids.
fn holds(model: &Model, types: &Types, seed: u64, by_document: bool) {
    let mut dice = Dice(seed);
    let id = dice.pick(&structured(model));
    let name = &*model.type_of(id).name;
    let instance = object(model, id, &mut dice, 2);
    let agrees = |body: &Value, wanted: bool| {
        assert!(!by_document || documented(name, body) == wanted, "the document of {name} and {body}");
    };
    assert_eq!(judge(types, name, &instance), [], "{name}: {instance}");
    agrees(&instance, true);

    let said = ["@odata.type", "@type"].iter().find_map(|member| instance.get(*member)?.as_str());
    let said = said.map(|text| text.rsplit_once('#').map_or(text, |(_, name)| name));
    let own = said.map_or(id, |said| model.named(said).unwrap());
    let mut allowed = instance.clone();
    let members = allowed.as_object_mut().unwrap();
    match dice.below(4) {
        0 => members.clear(),
        1 => drop(members.insert("@microsoft.new".into(), json!([null]))),
        2 => drop(members.insert("id@odata.navigationLink".into(), json!(1))),
        _ => {
            let nullable = |p: &&&Property| p.nullable != Some(false) && !p.type_use.collection;
            let all = judged(model, own);
            let all: Vec<_> = all.iter().filter(nullable).collect();
            if let Some(property) = all.get(dice.below(all.len())) {
                members.insert(property.name.to_string(), Value::Null);
            }
        }
    }
    assert_eq!(judge(types, name, &allowed), [], "{name}: {allowed}");
    agrees(&allowed, true);

    let mut broken = instance.clone();
    let members = broken.as_object_mut().unwrap();
    let all = judged(model, own);
    let member = match dice.below(6) {
        0 if !model.type_of(own).open => "noSuchMember".to_owned(),
        1 => "@odata.type".to_owned(),
        _ if all.is_empty() => return,
        _ => all[dice.below(all.len())].name.to_string(),
    };
    let wrong = match member.as_str() {
        "noSuchMember" => json!(1),
        "@odata.type" => json!("#no.such.type"),
        name => forbidden(model, model.member(own, name).unwrap(), &mut dice),
    };
    if member == "@odata.type" {
        members.shift_remove("@type");
    }
    members.insert(member.clone(), wrong);
    let found = judge(types, name, &broken);
    assert!(!found.is_empty(), "{name}: {broken} is wrong at {member}");
    assert!(found.iter().all(|found| found.at.starts_with(&format!("/{member}"))), "{name}: {broken}: {found:?}");
    agrees(&broken, false);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_made_up_service_keeps_the_law(seed: u64) {
        static TYPES: OnceLock<Types> = OnceLock::new();
        let types = TYPES.get_or_init(|| Types::of(library()));
        holds(types.model().unwrap(), types, seed, true);
    }

    #[test]
    fn graph_keeps_the_law(seed: u64) {
        static TYPES: OnceLock<Option<Types>> = OnceLock::new();
        if let Some(types) = TYPES.get_or_init(|| graph("v1.0-Prod.csdl").map(Types::of)) {
            holds(types.model().unwrap(), types, seed, false);
        }
    }
}
