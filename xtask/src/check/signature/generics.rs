//! Parameters, arguments and bounds.

use rustdoc_types::{
    AssocItemConstraint, AssocItemConstraintKind, GenericArg, GenericArgs, GenericBound,
    GenericParamDef, GenericParamDefKind, Generics, PreciseCapturingArg, Term, TraitBoundModifier,
    WherePredicate,
};

use super::{Writer, list};

impl Writer<'_> {
    /// The parameters between `<` and `>`, without those of `impl Trait` arguments.
    pub(in crate::check) fn params(self, generics: &Generics) -> String {
        let written: Vec<&GenericParamDef> = (generics.params.iter())
            .filter(|p| {
                !matches!(
                    p.kind,
                    GenericParamDefKind::Type {
                        is_synthetic: true,
                        ..
                    }
                )
            })
            .collect();
        if written.is_empty() {
            return String::new();
        }
        format!("<{}>", list(&written, |param| self.param(param)))
    }

    fn param(self, param: &GenericParamDef) -> String {
        let name = &param.name;
        match &param.kind {
            GenericParamDefKind::Lifetime { outlives } if outlives.is_empty() => name.clone(),
            GenericParamDefKind::Lifetime { outlives } => {
                format!("{name}: {}", outlives.join(" + "))
            }
            GenericParamDefKind::Type {
                bounds, default, ..
            } => {
                let default = default
                    .as_ref()
                    .map(|type_| format!(" = {}", self.type_(type_)));
                format!(
                    "{name}{}{}",
                    self.bounded(bounds),
                    default.unwrap_or_default()
                )
            }
            GenericParamDefKind::Const { type_, .. } => {
                format!("const {name}: {}", self.type_(type_))
            }
        }
    }

    fn bounded(self, bounds: &[GenericBound]) -> String {
        if bounds.is_empty() {
            String::new()
        } else {
            format!(": {}", self.bounds(bounds))
        }
    }

    /// The bounds after `where`.
    pub(in crate::check) fn bounds_after(self, generics: &Generics) -> String {
        let predicates = &generics.where_predicates;
        if predicates.is_empty() {
            return String::new();
        }
        let predicates = list(predicates, |predicate| match predicate {
            WherePredicate::BoundPredicate {
                type_,
                bounds,
                generic_params,
            } => {
                let all = self.for_all(generic_params);
                format!("{all}{}{}", self.type_(type_), self.bounded(bounds))
            }
            WherePredicate::LifetimePredicate { lifetime, outlives } => {
                format!("{lifetime}: {}", outlives.join(" + "))
            }
            WherePredicate::EqPredicate { lhs, rhs } => {
                format!("{} = {}", self.type_(lhs), self.term(rhs))
            }
        });
        format!(" where {predicates}")
    }

    pub(in crate::check) fn bounds(self, bounds: &[GenericBound]) -> String {
        let bounds = bounds.iter().map(|bound| match bound {
            GenericBound::TraitBound {
                trait_,
                generic_params,
                modifier,
            } => {
                let maybe = if *modifier == TraitBoundModifier::Maybe {
                    "?"
                } else {
                    ""
                };
                format!(
                    "{maybe}{}{}",
                    self.for_all(generic_params),
                    self.path(trait_)
                )
            }
            GenericBound::Outlives(lifetime) => lifetime.clone(),
            GenericBound::Use(captured) => {
                let captured = list(captured, |arg| match arg {
                    PreciseCapturingArg::Lifetime(name) | PreciseCapturingArg::Param(name) => {
                        name.clone()
                    }
                });
                format!("use<{captured}>")
            }
        });
        bounds.collect::<Vec<_>>().join(" + ")
    }

    pub(super) fn for_all(self, params: &[GenericParamDef]) -> String {
        if params.is_empty() {
            return String::new();
        }
        format!("for<{}> ", list(params, |param| self.param(param)))
    }

    pub(super) fn args(self, args: &GenericArgs) -> String {
        match args {
            GenericArgs::AngleBracketed { args, constraints } => {
                let args = args.iter().map(|arg| match arg {
                    GenericArg::Lifetime(name) => name.clone(),
                    GenericArg::Type(type_) => self.type_(type_),
                    GenericArg::Const(constant) => constant.expr.clone(),
                    GenericArg::Infer => "_".to_owned(),
                });
                let all: Vec<String> = args
                    .chain(constraints.iter().map(|c| self.constraint(c)))
                    .collect();
                if all.is_empty() {
                    String::new()
                } else {
                    format!("<{}>", all.join(", "))
                }
            }
            GenericArgs::Parenthesized { inputs, output } => {
                let output = output
                    .as_ref()
                    .map(|type_| format!(" -> {}", self.type_(type_)));
                let inputs = list(inputs, |type_| self.type_(type_));
                format!("({inputs}){}", output.unwrap_or_default())
            }
            GenericArgs::ReturnTypeNotation => "(..)".to_owned(),
        }
    }

    fn constraint(self, constraint: &AssocItemConstraint) -> String {
        match &constraint.binding {
            AssocItemConstraintKind::Equality(term) => {
                format!("{} = {}", constraint.name, self.term(term))
            }
            AssocItemConstraintKind::Constraint(bounds) => {
                format!("{}{}", constraint.name, self.bounded(bounds))
            }
        }
    }

    fn term(self, term: &Term) -> String {
        match term {
            Term::Type(type_) => self.type_(type_),
            Term::Constant(constant) => constant.expr.clone(),
        }
    }
}
