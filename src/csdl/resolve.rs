//! What was read → [`Model`]: type names come to mean types, and bases that lead nowhere are taken
//! away.

use std::collections::HashMap;
use std::sync::Arc;

use super::read::{Build, Signature, Written};
use super::{Edm, Entry, MissingId, Model, Operation, Target, TypeId, TypeUse};

/// The longest chain of types that derive from each other; Graph's have some six.
const DEEPEST: usize = 64;

impl Build<'_> {
    /// What each type name that was written means.
    fn resolve(&mut self) -> Vec<TypeUse> {
        let written = std::mem::take(&mut self.written);
        let resolve = |written: Box<str>| {
            let inner = written.strip_prefix("Collection(").and_then(|rest| rest.strip_suffix(')'));
            TypeUse { of: self.target(inner.unwrap_or(&written).trim()), collection: inner.is_some() }
        };
        written.into_iter().map(resolve).collect()
    }

    fn target(&mut self, written: &str) -> Target {
        if let Some(edm) = written.strip_prefix("Edm.") {
            return Target::Edm(Edm::named(edm));
        }
        if let Some(id) = self.names.get(written) {
            return Target::Declared(*id);
        }
        let resolved = written.rsplit_once('.').and_then(|(alias, local)| {
            let namespace = self.aliases.get(alias)?;
            Some(format!("{namespace}.{local}"))
        });
        if let Some(id) = resolved.as_deref().and_then(|name| self.names.get(name)) {
            return Target::Declared(*id);
        }
        let (at, _) = self.missing.insert_full(resolved.as_deref().unwrap_or(written).into());
        Target::Missing(MissingId(at))
    }

    /// Ends the reading of what `source` names.
    pub fn finish(mut self, source: &Arc<str>) -> Model {
        let written: Vec<Box<str>> = self.written.iter().cloned().collect();
        let resolved = self.resolve();
        for at in 0..self.types.len() {
            let Some(base) = self.bases[at] else { continue };
            match resolved[base].of {
                Target::Declared(base) => self.types[at].base = Some(base),
                Target::Edm(_) => {}
                Target::Missing(_) => {
                    // What its base would declare is not known.
                    self.types[at].open = true;
                    let (line, name) = (self.types[at].line, Arc::clone(&self.types[at].name));
                    let base = &written[base];
                    self.flaw(line, format!("{name} derives from {base}, which is not declared; any member passes"));
                }
            }
        }
        self.break_circles();
        self.break_chains();
        for at in 0..self.types.len() {
            if let Some(base) = self.types[at].base {
                self.types[base.0].derived.push(TypeId(at));
            }
        }
        self.inherit_openness();
        let mut uses = Uses { resolved: &resolved, missing_from: u32::MAX };
        let mut property_types = std::mem::take(&mut self.property_types).into_iter();
        for declared in &mut self.types {
            for (property, written) in declared.properties.iter_mut().zip(&mut property_types) {
                property.type_use = uses.of(written, declared.line);
            }
        }
        let operations = uses.operations(std::mem::take(&mut self.operations));
        let entries = uses.entries(std::mem::take(&mut self.entries));
        if uses.missing_from < u32::MAX {
            self.tell_missing(uses.missing_from);
        }
        Model {
            source: Arc::clone(source),
            flaws: self.flaws,
            types: self.types,
            missing: self.missing.into_iter().collect(),
            names: self.names,
            aliases: self.aliases,
            operations,
            entries,
        }
    }

    /// Takes the base from a type of each circle of bases.
    fn break_circles(&mut self) {
        // The walk that came by a type first; one that meets itself has gone round.
        let mut walks: Vec<usize> = vec![0; self.types.len()];
        for start in 0..self.types.len() {
            let (mut at, walk) = (start, start + 1);
            while walks[at] == 0 {
                walks[at] = walk;
                let Some(base) = self.types[at].base else { break };
                if walks[base.0] == walk {
                    let (line, name) = (self.types[at].line, Arc::clone(&self.types[at].name));
                    let base = Arc::clone(&self.types[base.0].name);
                    self.types[at].base = None;
                    self.flaw(line, format!("{name} derives from {base}, which derives from it; the base is ignored"));
                    break;
                }
                at = base.0;
            }
        }
    }

    /// Takes the base from types that derive through too many: what is inherited is repeated in every
    /// one of them.
    fn break_chains(&mut self) {
        let mut depths: Vec<usize> = vec![0; self.types.len()];
        for start in 0..self.types.len() {
            // Up to what is known, then down again.
            let mut chain = vec![start];
            while let Some(base) = self.types[chain[chain.len() - 1]].base.filter(|base| depths[base.0] == 0) {
                chain.push(base.0);
            }
            for at in chain.into_iter().rev() {
                depths[at] = 1 + self.types[at].base.map_or(0, |base| depths[base.0]);
                if depths[at] > DEEPEST {
                    depths[at] = 1;
                    self.types[at].base = None;
                    self.types[at].open = true;
                    let (line, name) = (self.types[at].line, Arc::clone(&self.types[at].name));
                    self.flaw(line, format!("{name} derives through more than {DEEPEST} types; the base is ignored"));
                }
            }
        }
    }

    /// A type that derives from an open one is open (CSDL, section 6.3).
    fn inherit_openness(&mut self) {
        let mut due: Vec<TypeId> = (0..self.types.len()).map(TypeId).filter(|id| self.types[id.0].open).collect();
        while let Some(id) = due.pop() {
            for derived in self.types[id.0].derived.clone() {
                if !std::mem::replace(&mut self.types[derived.0].open, true) {
                    due.push(derived);
                }
            }
        }
    }

    /// Says which types are named and not declared, in one line.
    fn tell_missing(&mut self, line: u32) {
        let mut names: Vec<&str> = self.missing.iter().map(|name| &**name).collect();
        names.sort_unstable();
        let what = match names.len() {
            1 => "1 type is named and not declared".to_owned(),
            count => format!("{count} types are named and not declared"),
        };
        let more = if names.len() > 4 { ", …" } else { "" };
        names.truncate(4);
        let message = format!("{what}, and what is of them is not judged: {}{more}", names.join(", "));
        self.flaw(line, message);
    }
}

/// What the type names mean, and the first line that uses one that means nothing.
struct Uses<'r> {
    resolved: &'r [TypeUse],
    missing_from: u32,
}

impl Uses<'_> {
    fn of(&mut self, written: Written, line: u32) -> TypeUse {
        if matches!(self.resolved[written].of, Target::Missing(_)) {
            self.missing_from = self.missing_from.min(line);
        }
        self.resolved[written]
    }

    fn operations(&mut self, signatures: Vec<Signature>) -> HashMap<Box<str>, Vec<Operation>> {
        let mut operations: HashMap<Box<str>, Vec<Operation>> = HashMap::new();
        for Signature { mut operation, parameters, returns, bound, line } in signatures {
            for (parameter, written) in operation.parameters.iter_mut().zip(parameters) {
                parameter.type_use = self.of(written, line);
            }
            operation.returns = returns.map(|written| self.of(written, line));
            if bound && !operation.parameters.is_empty() {
                operation.binding = Some(operation.parameters.remove(0).type_use);
            }
            operations.entry(operation.name.clone()).or_default().push(operation);
        }
        operations
    }

    fn entries(&mut self, read: HashMap<Box<str>, (Entry, Option<Written>)>) -> HashMap<Box<str>, Entry> {
        let resolved = read.into_iter().map(|(name, (entry, written))| {
            let of = written.map_or(Target::Edm(Edm::Untyped), |written| self.of(written, 1).of);
            let entry = match entry {
                Entry::Set(_) => Entry::Set(TypeUse { of, collection: true }),
                Entry::Singleton(_) => Entry::Singleton(TypeUse { of, collection: false }),
                import @ Entry::Import(_) => import,
            };
            (name, entry)
        });
        resolved.collect()
    }
}
