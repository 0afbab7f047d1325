import { Component, type ReactNode } from "react";
import { Failure } from "../parts/basics";

/** A page that breaks leaves the rest standing. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <div className="page">
        <Failure error={this.state.error} retry={() => this.setState({ error: null })} />
      </div>
    );
  }
}
